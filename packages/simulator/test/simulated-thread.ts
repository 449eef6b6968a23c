import { parentPort, workerData } from 'node:worker_threads'
import { playedTrace } from './small-scenario.ts'

parentPort?.postMessage(playedTrace(workerData as number))
