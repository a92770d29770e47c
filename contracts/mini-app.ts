import { z } from 'zod';

export const registeredMessage = 'Đăng ký Zalo thành công';
export const existsMessage = 'Tài khoản Zalo đã được đăng ký. Vui lòng đăng nhập.';
export const incompleteMessage = 'Vui lòng cung cấp đầy đủ thông tin Zalo (zalo_user_id, name)';

const optionalText = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

/** Body of `POST /mini-app/v1/register` (docs/api-contract.md#mini-app-body). */
export const miniAppUser = z.object({
  zalo_user_id: z.string().trim().min(1),
  name: z.string().trim().min(1),
  avatar: z
    .union([z.url({ protocol: /^https?$/, error: 'must be an http or https URL' }), z.literal('')])
    .nullish()
    .transform((value) => value ?? ''),
  gender: z
    .enum(['male', 'female', ''])
    .nullish()
    .transform((value) => value ?? ''),
  email: optionalText,
  mobile: optionalText,
});
export type MiniAppUser = z.infer<typeof miniAppUser>;
export type MiniAppUserInput = z.input<typeof miniAppUser>;

/** 201: the account is made; the token lives one year. */
export const miniAppRegistered = z.object({
  success: z.literal(true),
  message: z.string(),
  token: z.string(),
  data: z.object({
    user_id: z.number().int(),
    zalo_user_id: z.string(),
    name: z.string(),
    username: z.string(),
    email: z.string(),
    mobile: z.string(),
    avatar: z.string(),
    gender: z.string(),
    user_money: z.number(),
    user_money2: z.number(),
    doitac: z.string(),
    seller_id: z.number().int(),
    shop_id: z.number().int(),
  }),
});
export type MiniAppRegistered = z.infer<typeof miniAppRegistered>;

/** 409: this shop has the Zalo user already; an outcome, not an error. */
export const miniAppExists = z.object({
  success: z.literal(false),
  message: z.string(),
  need_login: z.literal(true),
  zalo_user_id: z.string(),
});

/** What the worker needs of a 201; whatever else is there or missing, the token is not lost over it. */
export const miniAppToken = z.object({
  token: z.string().min(1),
  data: z.object({ user_id: z.number(), username: z.string() }),
});
