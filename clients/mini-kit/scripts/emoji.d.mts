/** What is made, by its name under src/. */
export const FILES: Record<string, () => string>
