import type { RequestKind } from './bare-request.ts'
import type { Found, Joined, Provided } from './lookup-node.ts'

/** Which content routing is measured. */
export type System = 'kelips' | 'kad-dht'

/** What a process is to host. */
export interface HostRequest {
  readonly system: System
  readonly nodes: number
  readonly oneWayDelayMs: number
}

/** Bytes of one operation at the asker's sockets, both ways. */
export interface SocketCost {
  readonly socketBytes: number
}

/** What one node has moved since it started, and its open connections. */
export interface NodeTraffic {
  readonly socketSent: number
  readonly socketReceived: number
  readonly messageSent: number
  readonly messageReceived: number
  readonly connections: number
}

/** What the process that measures asks of those that host nodes; a node is its number within its process. */
export interface HostOperations {
  /** Returns the nodes' addresses. */
  start(request: HostRequest): Promise<string[]>
  join(node: number, introducers: readonly string[]): Promise<void>
  joined(): Promise<Joined[]>
  provide(node: number, cid: number): Promise<(Provided & SocketCost) | { readonly error: string }>
  find(node: number, cid: number): Promise<Found & SocketCost>
  /** Opens the streams of bare requests to all peers that the node is connected with. */
  openStreams(node: number): Promise<void>
  /** So many bare requests over them, from the peer with the number `first` on; returns ms for each. */
  requests(node: number, kind: RequestKind, first: number, count: number): Promise<number[]>
  traffic(): Promise<NodeTraffic[]>
  /** Growth of the process since before its nodes were made, in bytes. */
  memory(): Promise<{ readonly rssBytes: number; readonly heapBytes: number }>
  stop(): Promise<void>
}

/** A call as it goes to the process. */
export interface HostCall {
  readonly id: number
  readonly name: keyof HostOperations
  readonly parameters: readonly unknown[]
}

/** Its answer. */
export type HostAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string }
