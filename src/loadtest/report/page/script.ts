/** The little that needs a script: the switch between light and dark, numbers under the pointer, all tables on paper. */
export const script = `
const root = document.documentElement;
const dark = () => (root.dataset.theme ?? (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')) === 'dark';
const toggle = document.getElementById('theme');
const name = () => { toggle.textContent = dark() ? 'Light' : 'Dark'; };
toggle.hidden = false; name();
toggle.onclick = () => { root.dataset.theme = dark() ? 'light' : 'dark'; name(); };
const tip = document.getElementById('tip');
const line = (tag, ...texts) => { const made = document.createElement(tag); for (const text of texts) made.append(tag === 'b' ? text : Object.assign(document.createElement('i'), { textContent: text, style: 'font-style:normal' })); return made; };
function near(list, at) { let best = 0; for (let i = 1; i < list.length; i++) if (Math.abs(list[i] - at) < Math.abs(list[best] - at)) best = i; return best; }
for (const figure of document.querySelectorAll('figure[data-hover]')) {
  const plot = figure.querySelector('.plot'); const cursor = figure.querySelector('.cursor'); let data;
  plot.onpointermove = event => {
    data ??= JSON.parse(figure.dataset.hover);
    const box = plot.getBoundingClientRect(); const i = near(data.at, (event.clientX - box.left) / box.width);
    cursor.style.left = data.at[i] * 100 + '%'; cursor.style.display = 'block';
    tip.replaceChildren(line('b', data.titles[i]), ...data.series.map(({ name, values }) => line('span', name, values[i])));
    tip.style.display = 'block';
    const left = event.clientX + 14; tip.style.left = (left + tip.offsetWidth > innerWidth - 8 ? event.clientX - tip.offsetWidth - 14 : left) + 'px';
    tip.style.top = Math.max(8, Math.min(event.clientY - 20, innerHeight - tip.offsetHeight - 8)) + 'px';
  };
  plot.onpointerleave = () => { tip.style.display = cursor.style.display = 'none'; };
}
addEventListener('beforeprint', () => { for (const one of document.querySelectorAll('details')) one.open = true; });
`;
