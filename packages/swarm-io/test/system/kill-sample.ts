import { folderSample, PIECE, type Sample } from '../storage/storage-scene.ts'

/** 101 pieces in files of all sizes; 7 has no divisor in common with that. */
export function killSample(): Sample {
  return folderSample({
    'a.bin': 40 * PIECE + 1,
    'b/1': 1,
    'b/2': 0,
    'b/3': 5 * PIECE,
    'b/4': 100,
    'c/d/e.bin': 50 * PIECE,
    'c/f.bin': 5 * PIECE + 1,
  })
}
