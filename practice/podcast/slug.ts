/** A name for addresses, made of a title: its letters without marks, and a number when `isTaken` says that one is needed. */
export function makeSlug(title: string, isTaken: (slug: string) => boolean): string {
  const letters = title.toLowerCase().replaceAll('đ', 'd').normalize('NFKD').replace(/\p{M}/gu, '');
  const base =
    letters
      .replace(/[^a-z0-9]+/g, '-')
      .slice(0, 60)
      .replace(/^-|-$/g, '') || 'podcast';
  for (let number = 1; ; number++) {
    const slug = number === 1 ? base : `${base}-${number}`;
    if (!isTaken(slug)) return slug;
  }
}
