import { z } from 'zod';
import { commonBehaviour } from '../site/behaviour.ts';

/** How the social site misbehaves. */
export const behaviour = commonBehaviour.extend({ avatarRefused: z.boolean().optional() });
export type Behaviour = z.infer<typeof behaviour>;
