import { expectTypeOf, test } from 'vitest';
import type { Workflows } from '../../contracts/workflows.ts';
import type * as exported from '../../workflows/index.ts';

// The compiler is the judge here: `tsc` fails when this is not so.
test('the worker has every workflow of the contract with its arguments and its result, and no other', () => {
  expectTypeOf<typeof exported>().toEqualTypeOf<Workflows>();
});
