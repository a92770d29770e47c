import path from 'node:path';
import { readEnvironment } from './environment.ts';

/** The folder that failed steps leave their evidence in. */
export function readEvidenceFolder(): string {
  const { EVIDENCE_DIR, DATA_DIR } = readEnvironment('EVIDENCE_DIR', 'DATA_DIR');
  return EVIDENCE_DIR ?? path.join(DATA_DIR, 'evidence');
}
