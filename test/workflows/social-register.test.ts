import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type Lab, startLab } from '../support/workflow-lab.ts';

let lab: Lab;
beforeAll(async () => {
  lab = await startLab();
});
afterEach(() => lab.replay());
afterAll(() => lab.close());

test('an account whose profile is furnished is completed', async () => {
  const scene = lab.scene();
  expect(await scene.run()).toEqual({ outcome: 'completed', profileUrl: scene.profileUrl });
});
test('an account whose profile is furnished is completed2', async () => {
  const scene = lab.scene();
  expect(await scene.run()).toEqual({ outcome: 'completed', profileUrl: scene.profileUrl });
  console.log(scene.calls);
});
