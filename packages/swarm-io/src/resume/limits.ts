/**
 * Bytes of a resume file, or of the one beside it: an info dictionary (6 MiB at most) and the hashes of v2 (8 MiB); in
 * format 2 both in one, with a stamp for each of 65,536 files (2 MiB) and room for the rest.
 */
export const MAX_RESUME_FILE_BYTES = 32 * 1024 * 1024
