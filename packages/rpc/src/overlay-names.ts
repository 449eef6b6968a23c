/** What a node can find content by, the default first. `@onehop/kelips` has the first, `@onehop/classic-overlays` the others. */
export const OVERLAYS = ['kelips', 'napster', 'gnutella', 'fasttrack', 'chord', 'pastry'] as const

/** One of {@link OVERLAYS}. */
export type OverlayName = (typeof OVERLAYS)[number]

/** Whether the text names an overlay. */
export function isOverlayName(text: string): text is OverlayName {
  return (OVERLAYS as readonly string[]).includes(text)
}
