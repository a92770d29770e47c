import { uniformInt } from 'pure-rand/distribution/uniformInt';
import { xoroshiro128plus } from 'pure-rand/generator/xoroshiro128plus';

/** Chance that a seed repeats: what is drawn in the same order is the same. */
export interface Random {
  /** A whole number from `least` to `most`. */
  from(least: number, most: number): number;
  one<Thing>(things: readonly Thing[]): Thing;
  shuffle<Thing>(things: readonly Thing[]): Thing[];
}

export function makeRandom(seed: number): Random {
  const generator = xoroshiro128plus(seed);
  const from = (least: number, most: number) => uniformInt(generator, least, most);
  return {
    from,
    one: (things) => things[from(0, things.length - 1)]!,
    shuffle(things) {
      const rest = [...things];
      return things.map(() => rest.splice(from(0, rest.length - 1), 1)[0]!);
    },
  };
}
