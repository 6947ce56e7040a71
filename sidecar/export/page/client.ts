/**
 * The page's own script, as text: it runs in a browser, which the compiler here knows nothing of. It
 * draws the last hour and puts in what the server sends; the first paint works without it.
 */
export const clientScript = String.raw`
'use strict';
(() => {
  const byId = (id) => document.getElementById(id);
  const css = (name) => getComputedStyle(document.documentElement).getPropertyValue('--' + name).trim();
  const digits = (v) => v >= 100 ? Math.round(v).toLocaleString('en-US') : String(Number(v.toPrecision(3)));
  const duration = (s) => s < 0.001 ? (s * 1e6).toFixed(0) + ' µs' : s < 1 ? digits(s * 1e3) + ' ms' : digits(s) + ' s';
  const bytes = (b) => b >= 2 ** 30 ? digits(b / 2 ** 30) + ' GiB' : digits(b / 2 ** 20) + ' MiB';
  const formats = { utilization: (r) => (r * 100).toFixed(0) + ' %', p95: duration, queries: digits, pairs: digits, memory: bytes };
  const { bands, lines, slotSeconds, slots } = JSON.parse(byId('setup').textContent);
  const figures = Object.keys(formats);
  const shortestSeconds = 120;
  const minuteSeconds = 60;
  const binarySteps = Array.from({ length: 25 }, (_, n) => 2 ** (n + 18));

  /** Seconds, then one column a line; a line is named by its figure and its label. */
  let hour = { seconds: [], lines: [] };
  const columnsOf = (figure) => [hour.seconds, ...hour.lines.filter((line) => line.figure === figure).map((line) => line.values)];
  const labelsOf = (figure) => hour.lines.filter((line) => line.figure === figure).map((line) => line.label);
  const shape = () => hour.lines.map(({ figure, label }) => figure + label).join();

  const clock = (seconds, withSeconds) => new Date(seconds * 1000).toLocaleTimeString('en-GB',
    withSeconds ? undefined : { hour: '2-digit', minute: '2-digit' });
  const underlay = (figure) => (u) => {
    const { ctx, bbox } = u;
    const y = (v) => u.valToPos(v, 'y', true);
    const pixels = devicePixelRatio;
    ctx.save();
    ctx.font = 11 * pixels + 'px ' + css('sans');
    ctx.textAlign = 'left';
    if (figure === 'utilization') bands.forEach((band, at) => {
      ctx.fillStyle = css('band' + at);
      ctx.fillRect(bbox.left, y(band.to), bbox.width, y(band.from) - y(band.to));
      ctx.fillStyle = css('muted');
      ctx.fillText(band.label, bbox.left + bbox.width + 8 * pixels, y((band.from + band.to) / 2) + 4 * pixels);
    });
    const line = lines[figure];
    if (line && line.at <= u.scales.y.max) {
      ctx.strokeStyle = ctx.fillStyle = css('muted');
      ctx.setLineDash([3 * pixels, 4 * pixels]);
      ctx.lineWidth = pixels;
      ctx.beginPath();
      ctx.moveTo(bbox.left, y(line.at));
      ctx.lineTo(bbox.left + bbox.width, y(line.at));
      ctx.stroke();
      ctx.fillText(line.label, bbox.left + 6 * pixels, y(line.at) - 4 * pixels);
    }
    ctx.restore();
  };
  const readout = (figure) => (u) => {
    const at = u.cursor.idx;
    byId('value-' + figure).textContent = at == null ? '' : [clock(u.data[0][at], true), ...labelsOf(figure).flatMap((label, n) => {
      const value = u.data[n + 1][at];
      return value == null ? [] : [(labelsOf(figure).length > 1 ? label + ' ' : '') + formats[figure](value)];
    })].join('   ');
  };
  const ceiling = { utilization: () => [0, 1] };
  const top = (u, min, max) => [0, max > 0 ? max * 1.12 : 1];
  const range = () => {
    const last = hour.seconds.at(-1) ?? Date.now() / 1000;
    return [Math.min(hour.seconds[0] ?? last, last - shortestSeconds), last];
  };
  const build = (figure) => {
    const element = byId('chart-' + figure);
    const axis = { stroke: css('muted'), font: '12px ' + css('sans'), grid: { stroke: css('line'), width: 1 }, ticks: { show: false } };
    const labels = labelsOf(figure);
    const fill = labels.length === 1 && figure !== 'utilization';
    byId('legend-' + figure).hidden = labels.length < 2;
    byId('legend-' + figure).replaceChildren(...(labels.length > 1 ? labels : []).map((label, n) => {
      const key = document.createElement('span');
      key.className = 'key stroke';
      key.style.setProperty('--key', 'var(--device' + (n % 4) + ')');
      key.textContent = label;
      return key;
    }));
    return new uPlot({
      width: element.clientWidth, height: figure === 'utilization' ? 230 : 140,
      scales: { x: { time: true, range }, y: { range: ceiling[figure] ?? top } },
      axes: [
        { ...axis, size: 30, space: 64, values: (u, ticks) => ticks.map((t) => clock(t, ticks.some((each) => each % minuteSeconds !== 0))) },
        { ...axis, size: 60, space: 34, ...(figure === 'memory' ? { incrs: binarySteps } : {}), values: (u, ticks) => ticks.map((t) => t === 0 ? '0' : formats[figure](t)) },
      ],
      padding: [10, figure === 'utilization' ? 62 : 26, 0, 0],
      series: [{}, ...labels.map((label, n) => ({
        label, stroke: css('device' + (n % 4)), width: 2, dash: n > 3 ? [6, 3] : undefined,
        fill: fill ? css('accent-soft') : undefined, points: { show: false },
      }))],
      cursor: { sync: { key: 'hour' }, drag: { x: false, y: false }, points: { size: 7 } },
      legend: { show: false },
      hooks: { drawClear: [underlay(figure)], setCursor: [readout(figure)] },
    }, columnsOf(figure), element);
  };
  let built = {};
  let builtShape;
  const rebuild = () => {
    Object.values(built).forEach((chart) => chart.destroy());
    built = Object.fromEntries(figures.map((figure) => [figure, build(figure)]));
    builtShape = shape();
    document.documentElement.dataset.drawn = String(figures.length);
  };
  const redraw = () => {
    if (shape() !== builtShape) rebuild();
    else figures.forEach((figure) => built[figure].setData(columnsOf(figure)));
    document.documentElement.dataset.slots = String(hour.seconds.length);
  };
  /** The slot that is being filled comes again and again, until the next one begins. */
  const append = (slot) => {
    const known = new Map(hour.lines.map((line) => [line.figure + line.label, line]));
    const fresh = Math.abs(slot.seconds[0] - (hour.seconds.at(-1) ?? -Infinity)) >= slotSeconds / 2;
    if (fresh) hour.seconds.push(slot.seconds[0]);
    hour.lines = slot.lines.map(({ figure, label, values }) => {
      const line = known.get(figure + label) ?? { figure, label, values: [] };
      while (line.values.length < hour.seconds.length) line.values.push(null);
      line.values[hour.seconds.length - 1] = values[0];
      return line;
    });
    while (hour.seconds.length > slots) {
      hour.seconds.shift();
      hour.lines.forEach((line) => line.values.shift());
    }
  };
  const put = (parts) => Object.entries(parts).forEach(([id, markup]) => {
    const element = byId(id);
    // Untouched unless it changed: a screen reader says what is put in, and a selection is lost.
    if (element.dataset.markup === markup) return;
    element.dataset.markup = markup;
    element.innerHTML = markup;
  });
  const say = (tone, words) => { byId('live').className = tone; byId('live').textContent = words; };

  const events = new EventSource('events');
  events.addEventListener('hour', ({ data }) => { hour = JSON.parse(data); redraw(); });
  events.addEventListener('now', ({ data }) => {
    const { parts, slot } = JSON.parse(data);
    put(parts);
    say('good', 'live');
    if (slot.seconds.length > 0) { append(slot); redraw(); }
  });
  events.addEventListener('error', () => say('bad', 'connection lost, trying again'));
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', rebuild);
  let waiting;
  addEventListener('resize', () => { clearTimeout(waiting); waiting = setTimeout(rebuild, 150); });
})();
`
