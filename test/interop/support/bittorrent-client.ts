/** How far a client is with its one torrent. */
export interface ClientStatus {
  readonly bytesDone: number
  readonly uploadedBytes: number
  /** Everything is there, and verified. */
  readonly isComplete: boolean
  /** What it complains of; empty when all is well. */
  readonly trouble: string
}

/** How a client is to take part. */
export interface ClientOptions {
  /** Its own folder for settings and logs. */
  readonly folder: string
  /** Where the content is, or goes. Default: `content` in the folder. */
  readonly contentFolder?: string
  /** Speaks to nobody in plain text (MSE/PE). */
  readonly requiresEncryption?: boolean
  /** Bytes a second that it sends, at most. */
  readonly uploadLimit?: number
  /** Its own address. Default: 127.0.0.1. Transmission keeps one peer of an address, so others may want another. */
  readonly host?: string
}

/** A BitTorrent client that nobody here wrote, with one torrent at a time. */
export interface BitTorrentClient {
  readonly name: string
  /** Where it takes connections. */
  readonly port: number
  readonly contentFolder: string
  /** Begins with a torrent: seeds what is in its folder already, and fetches the rest. @param source path or magnet link. */
  add(source: string): Promise<void>
  status(): Promise<ClientStatus>
  /** Lifts or sets the upload limit; 0 for none. */
  limitUpload(bytesPerSecond: number): Promise<void>
  /** Kills it at once, as a power cut would. */
  kill(): Promise<void>
  /** Starts it again where it was. */
  restart(): Promise<void>
}

/** Starts a client, with no torrent yet. */
export type StartClient = (options: ClientOptions) => Promise<BitTorrentClient>
