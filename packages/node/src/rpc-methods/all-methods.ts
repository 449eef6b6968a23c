import type { RpcMethod } from '@onehop/rpc'
import { blockTemplateMethods } from './block-template-methods.ts'
import { blockchainMethods } from './blockchain-methods.ts'
import { chainControlMethods } from './chain-control-methods.ts'
import { chainStateMethods } from './chain-state-methods.ts'
import { clockMethods } from './clock-methods.ts'
import { coinSetMethods } from './coin-set-methods.ts'
import { contentControlMethods } from './content-control-methods.ts'
import { contentMethods } from './content-methods.ts'
import { deploymentMethods } from './deployment-methods.ts'
import { descriptorMethods } from './descriptor-methods.ts'
import { feeMethods } from './fee-methods.ts'
import { fetchMethods } from './fetch-methods.ts'
import { generateMethods } from './generate-methods.ts'
import { indexMethods } from './index-methods.ts'
import { mempoolFileMethods } from './mempool-file-methods.ts'
import { mempoolMethods } from './mempool-methods.ts'
import type { MethodContext } from './method-context.ts'
import { miningInfoMethods } from './mining-info-methods.ts'
import { miningMethods } from './mining-methods.ts'
import { networkMethods } from './network-methods.ts'
import { nodeMethods } from './node-methods.ts'
import { proofMethods } from './proof-methods.ts'
import { scanMethods } from './scan-methods.ts'
import { statisticsMethods } from './statistics-methods.ts'
import { submissionMethods } from './submission-methods.ts'
import { transactionMethods } from './transaction-methods.ts'
import { waitMethods } from './wait-methods.ts'
import { walletMethods } from './wallet-methods.ts'

/** Every method of a node. */
export function allMethods(context: MethodContext): RpcMethod[] {
  return [
    blockchainMethods,
    chainControlMethods,
    coinSetMethods,
    deploymentMethods,
    indexMethods,
    chainStateMethods,
    scanMethods,
    descriptorMethods,
    statisticsMethods,
    waitMethods,
    transactionMethods,
    submissionMethods,
    mempoolMethods,
    mempoolFileMethods,
    feeMethods,
    proofMethods,
    miningMethods,
    miningInfoMethods,
    generateMethods,
    blockTemplateMethods,
    walletMethods,
    networkMethods,
    contentMethods,
    fetchMethods,
    contentControlMethods,
    nodeMethods,
    clockMethods,
  ].flatMap(methods => methods(context))
}
