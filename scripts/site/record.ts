import { BrowserPool } from '../../services/browser/browser-pool.ts';

/** Opens a page in a window, with Playwright's inspector beside it, until a person closes one of them. */
export async function record(browser: string, address: string): Promise<void> {
  const pool = new BrowserPool(browser, { headless: false });
  const window = { shown: false };
  try {
    await pool.withContext({ locale: 'en-US' }, async (context) => {
      const page = await context.newPage();
      await page.goto(address);
      window.shown = true;
      await page.pause();
    });
  } catch (error) {
    // That is how a closed window ends it.
    if (!window.shown) throw error;
  } finally {
    await pool.close();
  }
}
