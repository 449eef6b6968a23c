import type { MessageCodec } from '@onehop/overlay'
import { decode } from './decoding.ts'
import { encode, encodedLength } from './encoding.ts'
import type { PastryMessage } from './messages.ts'

/** Pastry messages in the protobuf wire format, hand-written. */
export const pastryCodec: MessageCodec<PastryMessage> = { encode, decode, encodedLength }
