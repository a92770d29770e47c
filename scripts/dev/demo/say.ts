/** Tells whoever watches the demonstration. */
export const say = (text: string) => process.stdout.write(`${text}\n`);
