"use strict";

// Label placement on boxes in pixels: in order of priority, the first candidate that is free wins.
BioPlan.placement = (() => {
  const CELL = 3;
  const OWN = 12; // pixels around a place that its own symbol takes, over which its line may go
  const HARDLY_ELSEWHERE = 0.08;
  const SAMPLES = [0.1, 0.5, 0.9].flatMap((down) => [0.02, 0.26, 0.5, 0.74, 0.98].map((across) => [across, down]));

  const overlap = (a, b) =>
    Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left)) *
    Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));

  const box = (left, top, width, height) => ({ left, top, right: left + width, bottom: top + height });

  const inside = (a, frame) =>
    a.left >= frame.left && a.right <= frame.right && a.top >= frame.top && a.bottom <= frame.bottom;

  // Beside a point symbol: right, left, above, below, the corners, then above and below flush with the symbol.
  function aroundPoint({ x, y }, { width: w, height: h }, radius) {
    const gap = radius + 2;
    return [
      [x + gap, y - h / 2],
      [x - gap - w, y - h / 2],
      [x - w / 2, y - gap - h],
      [x - w / 2, y + gap],
      [x + gap * 0.7, y - gap * 0.5 - h],
      [x + gap * 0.7, y + gap * 0.5],
      [x - gap * 0.7 - w, y - gap * 0.5 - h],
      [x - gap * 0.7 - w, y + gap * 0.5],
      [x - radius, y - gap - h],
      [x + radius - w, y - gap - h],
      [x - radius, y + gap],
      [x + radius - w, y + gap],
    ].map(([left, top]) => box(left, top, w, h));
  }

  // Points on widening rings, nearest first.
  function rings({ x, y }, from, reach, step) {
    const points = [];
    for (let radius = from; radius <= reach; radius += step) {
      for (let turn = 0; turn < (radius ? 16 : 1); turn += 1) {
        const angle = (turn * Math.PI) / 8;
        points.push({ x: x + Math.cos(angle) * radius, y: y + Math.sin(angle) * radius * 0.8 });
      }
    }
    return points;
  }

  const centred = ({ x, y }, { width, height }) => box(x - width / 2, y - height / 2, width, height);

  // Where the edges of the rings cross each row of cells.
  function crossings(outlines, rows) {
    const found = new Map();
    for (const ring of outlines) {
      for (let at = 0, before = ring.length - 1; at < ring.length; before = at, at += 1) {
        const [upper, lower] = ring[at].y < ring[before].y ? [ring[at], ring[before]] : [ring[before], ring[at]];
        const last = Math.min(rows, Math.ceil(lower.y / CELL - 0.5));
        for (let row = Math.max(0, Math.ceil(upper.y / CELL - 0.5)); row < last; row += 1) {
          const share = ((row + 0.5) * CELL - upper.y) / (lower.y - upper.y);
          if (!found.has(row)) found.set(row, []);
          found.get(row).push(upper.x + share * (lower.x - upper.x));
        }
      }
    }
    return found;
  }

  // Which of the shapes, each { owner, outlines in pixels }, lies under a pixel: laid out on cells once, then looked up.
  function ground(shapes, size) {
    const [columns, rows] = [Math.ceil(size.x / CELL), Math.ceil(size.y / CELL)];
    const cells = new Uint16Array(columns * rows);
    shapes.forEach(({ outlines }, index) => {
      for (const [row, across] of crossings(outlines, rows)) {
        across.sort((a, b) => a - b);
        for (let at = 0; at + 1 < across.length; at += 2) {
          const [first, last] = [across[at], across[at + 1]].map((x) => Math.ceil(x / CELL - 0.5));
          if (last > 0) cells.fill(index + 1, row * columns + Math.max(0, first), row * columns + Math.min(columns, last));
        }
      }
    });
    return ({ x, y }) => {
      const [column, row] = [Math.floor(x / CELL), Math.floor(y / CELL)];
      if (column < 0 || row < 0 || column >= columns || row >= rows) return null;
      const index = cells[row * columns + column];
      return index ? shapes[index - 1].owner : null;
    };
  }

  // The share of a box that lies on zones other than its own.
  function shareElsewhere({ left, top, right, bottom }, own, under) {
    const foreign = SAMPLES.filter(([across, down]) => {
      const owner = under({ x: left + across * (right - left), y: top + down * (bottom - top) });
      return owner && owner !== own && owner.isZone;
    });
    return foreign.length / SAMPLES.length;
  }

  // At home: the middle of the name on its own ground, and little of it on any other zone; forms go from wide to slim.
  function atHome(item, at, forms, under, mostElsewhere) {
    const points = rings(at, 0, item.reach, 6).filter((point) => under(point) === item);
    const found = forms.flatMap((form) =>
      points.map((point) => {
        const one = { ...centred(point, item.sizes[form]), form };
        return { ...one, elsewhere: shareElsewhere(one, item, under) };
      }),
    );
    const clean = found.filter((one) => one.elsewhere <= HARDLY_ELSEWHERE);
    const fair = found.filter((one) => one.elsewhere > HARDLY_ELSEWHERE && one.elsewhere <= mostElsewhere);
    return [...clean, ...fair];
  }

  // Abroad: wholly on ground that is no zone's, with a line that leads home.
  const abroad = (item, at, form, under, reach) =>
    rings(at, 24, reach, 8)
      .map((point) => ({ ...centred(point, item.sizes[form]), form, from: at }))
      .filter((one) => {
        const middle = { x: (one.left + one.right) / 2, y: (one.top + one.bottom) / 2 };
        return under(middle) !== item && shareElsewhere(one, null, under) === 0;
      });

  const burden = (candidate, taken) => taken.reduce((sum, one) => sum + overlap(candidate, one), 0);

  // The end of the line that leads from a place to its name: the nearest point of it, or one at its side.
  const end = (candidate) => ({
    x: candidate.at ?? Math.max(candidate.left, Math.min(candidate.from.x, candidate.right)),
    y: Math.max(candidate.top, Math.min(candidate.from.y, candidate.bottom)),
  });

  const turn = (a, b, c) => Math.sign((b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x));
  const cross = ([a, b], [c, d]) => turn(a, b, c) !== turn(a, b, d) && turn(c, d, a) !== turn(c, d, b);
  const line = (candidate) => (candidate.from ? [candidate.from, end(candidate)] : null);

  // A line that leads home, as small boxes that no name may cover.
  function steps(candidate) {
    if (!candidate.from) return [];
    const { from } = candidate;
    const to = end(candidate);
    const length = Math.hypot(to.x - from.x, to.y - from.y);
    return [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
      .filter((share) => share * length > OWN)
      .map((share) => box(from.x + (to.x - from.x) * share - 1, from.y + (to.y - from.y) * share - 1, 2, 2));
  }

  // A name never covers another, nor what is hard; one that must stand may cover what is soft.
  function choose({ must, candidates }, hard, lines, steppedOn, soft, frame) {
    let [best, least] = [null, Infinity];
    for (const one of candidates) {
      if (!inside(one, frame) || burden(one, hard) > 0 || burden(one, steppedOn) > 0) continue;
      if (steps(one).some((step) => burden(step, hard) > 0)) continue;
      if (one.from && lines.some((other) => cross(line(one), other))) continue;
      const covered = burden(one, soft);
      if (covered === 0) return one;
      if (must && covered < least) [best, least] = [one, covered];
    }
    return best;
  }

  // items: { groups of candidates, priority }; returns the chosen box or null for each, in the order given.
  function place(items, { hard, soft }, frame) {
    const chosen = new Map();
    const taken = [...hard];
    const [lines, steppedOn] = [[], []];
    for (const item of [...items].sort((a, b) => b.priority - a.priority)) {
      for (const group of item.groups) {
        const found = choose(group, taken, lines, steppedOn, soft, frame);
        if (!found) continue;
        chosen.set(item, found);
        taken.push(found);
        steppedOn.push(...steps(found));
        if (found.from) lines.push(line(found));
        break;
      }
    }
    return items.map((item) => chosen.get(item) || null);
  }

  return { place, aroundPoint, rings, centred, ground, atHome, abroad, end, box };
})();
