export { COIN, formatBitcoin, isMoney, MAX_MONEY, type Sats } from '@onehop/primitives'
