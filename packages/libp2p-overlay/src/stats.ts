import { DIAL_TRAFFIC_BYTES, FRAME_TRAFFIC_BYTES } from './limits.ts'
import { TrafficMeter } from './traffic-meter.ts'

interface Counted {
  messagesSent: number
  messagesReceived: number
  /** Encoded messages, without frame prefixes and what libp2p adds. */
  bytesSent: number
  bytesReceived: number
  /** The same with what framing costs on the wire, and an estimate for the dials that brought the connections. */
  trafficSent: number
  trafficReceived: number
  /** Messages lost to a full queue or a rate limit, in either direction. */
  messagesDropped: number
  /** Dials for lack of a connection. */
  dials: number
  /** Peers that dialled this node for the overlay. */
  dialsReceived: number
  /** Peers to which no stream could be opened. */
  openFailures: number
  /** Links closed to make room for others. */
  linksEvicted: number
}

/** What the driver counted since it was created. */
export interface OverlayStats extends Readonly<Counted> {
  /** Traffic over the last minute. */
  readonly sentBytesPerSecond: number
  readonly receivedBytesPerSecond: number
}

/** Counts what one overlay sends and receives. */
export class OverlayCounters {
  private readonly counted: Counted = {
    messagesSent: 0,
    messagesReceived: 0,
    bytesSent: 0,
    bytesReceived: 0,
    trafficSent: 0,
    trafficReceived: 0,
    messagesDropped: 0,
    dials: 0,
    dialsReceived: 0,
    openFailures: 0,
    linksEvicted: 0,
  }
  private readonly sentMeter: TrafficMeter
  private readonly receivedMeter: TrafficMeter

  constructor(now: () => number) {
    this.sentMeter = new TrafficMeter(now)
    this.receivedMeter = new TrafficMeter(now)
  }

  onSent(messageBytes: number): void {
    this.counted.messagesSent++
    this.counted.bytesSent += messageBytes
    this.addSent(messageBytes + FRAME_TRAFFIC_BYTES)
  }

  onReceived(messageBytes: number): void {
    this.counted.messagesReceived++
    this.counted.bytesReceived += messageBytes
    this.addReceived(messageBytes + FRAME_TRAFFIC_BYTES)
  }

  /** Either way. */
  onDropped(): void {
    this.counted.messagesDropped++
  }

  onDial(): void {
    this.counted.dials++
    this.addDial()
  }

  onDialReceived(): void {
    this.counted.dialsReceived++
    this.addDial()
  }

  onOpenFailed(): void {
    this.counted.openFailures++
  }

  onEvicted(): void {
    this.counted.linksEvicted++
  }

  snapshot(): OverlayStats {
    return {
      ...this.counted,
      sentBytesPerSecond: this.sentMeter.bytesPerSecond(),
      receivedBytesPerSecond: this.receivedMeter.bytesPerSecond(),
    }
  }

  /** A dial costs both sides about the same, whoever made it. */
  private addDial(): void {
    this.addSent(DIAL_TRAFFIC_BYTES)
    this.addReceived(DIAL_TRAFFIC_BYTES)
  }

  private addSent(bytes: number): void {
    this.counted.trafficSent += bytes
    this.sentMeter.add(bytes)
  }

  private addReceived(bytes: number): void {
    this.counted.trafficReceived += bytes
    this.receivedMeter.add(bytes)
  }
}
