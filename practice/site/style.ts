export const style = `
:root { color-scheme: light; --ink: #1d2433; --soft: #5d6880; --line: #d8deea; --accent: #2f5bea; --bad: #b3261e; --good: #17663a; }
* { box-sizing: border-box; }
body { margin: 0; background: #f3f5fa; color: var(--ink); font: 16px/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
header { background: #fff; border-bottom: 1px solid var(--line); }
header nav { max-width: 46rem; margin: 0 auto; padding: .8rem 1rem; display: flex; gap: 1.2rem; align-items: center; }
header .brand { font-weight: 700; margin-right: auto; color: var(--ink); }
header form { margin: 0; }
main { max-width: 34rem; margin: 2rem auto; padding: 1.8rem 2rem; background: #fff; border: 1px solid var(--line); border-radius: 14px; box-shadow: 0 8px 30px rgb(29 36 51 / 6%); }
main.wide { max-width: 46rem; }
footer { text-align: center; color: var(--soft); font-size: .85rem; padding: 0 1rem 2rem; }
h1 { margin: 0 0 1rem; font-size: 1.5rem; line-height: 1.25; }
h2 { font-size: 1.05rem; margin: 1.6rem 0 .4rem; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
.field { margin: 0 0 1.1rem; }
label { display: block; font-weight: 600; margin-bottom: .3rem; }
label.check { font-weight: 400; display: flex; gap: .5rem; align-items: center; }
input:not([type=checkbox]):not([type=file]), textarea, select { width: 100%; padding: .6rem .7rem; font: inherit; color: inherit; border: 1px solid #b9c2d4; border-radius: 8px; background: #fff; }
input:focus, textarea:focus, select:focus { outline: 2px solid var(--accent); outline-offset: 1px; }
[aria-invalid=true] { border-color: var(--bad) !important; }
.hint { margin: .25rem 0 0; color: var(--soft); font-size: .88rem; }
.error { margin: .3rem 0 0; color: var(--bad); font-size: .92rem; }
.notice { margin: 0 0 1.1rem; padding: .6rem .8rem; border-radius: 8px; background: #fdecea; color: var(--bad); }
.notice[role=status] { background: #e6f4ec; color: var(--good); }
button, .button { display: inline-block; padding: .6rem 1.2rem; border: 0; border-radius: 8px; background: var(--accent); color: #fff; font: inherit; font-weight: 600; cursor: pointer; }
button.plain { background: none; color: var(--accent); padding: 0; font-weight: 400; }
.cover { display: block; width: 100%; height: 12rem; object-fit: cover; border-radius: 10px; background: #dfe5f3; }
.avatar { width: 6.5rem; height: 6.5rem; object-fit: cover; border-radius: 50%; border: 4px solid #fff; background: #c9d3ea; display: block; margin: -3.4rem 0 .6rem 1rem; position: relative; }
.thumb { height: 3.5rem; border-radius: 8px; display: block; margin-bottom: .4rem; }
.art { width: 11rem; height: 11rem; object-fit: cover; border-radius: 10px; display: block; margin-bottom: 1rem; }
.listing { display: flex; gap: 1rem; align-items: center; margin: 0 0 1.1rem; overflow-wrap: anywhere; }
.listing .art { width: 5rem; height: 5rem; flex: none; margin: 0; }
.listing p { margin: 0; }
.facts { color: var(--soft); margin: 0 0 1rem; }
ul[aria-label=Links] { padding-left: 1.1rem; overflow-wrap: anywhere; }
iframe { width: 100%; height: 8rem; border: 1px solid var(--line); border-radius: 8px; background: #fafbfe; }
`;
