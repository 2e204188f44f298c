"use strict";

// Greedy label placement on boxes in pixels: the first candidate that is free wins, in order of priority.
BioPlan.placement = (() => {
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

  // Whether a point lies in a polygon or several, each a list of rings (even-odd rule).
  function within(polygons, [x, y]) {
    let isIn = false;
    for (const ring of polygons.flat()) {
      for (let at = 0, before = ring.length - 1; at < ring.length; before = at, at += 1) {
        const [[x1, y1], [x2, y2]] = [ring[at], ring[before]];
        if (y1 > y !== y2 > y && x < ((x2 - x1) * (y - y1)) / (y2 - y1) + x1) isIn = !isIn;
      }
    }
    return isIn;
  }

  // On an area: centred at its label point, then on widening rings around it; centres inside the area go first.
  function onArea({ x, y }, { width: w, height: h }, reach, isOn) {
    const centres = [[0, 0]];
    for (let radius = 8; radius <= reach; radius += 8) {
      for (let step = 0; step < 16; step += 1) {
        const angle = (step * Math.PI) / 8;
        centres.push([Math.cos(angle) * radius, Math.sin(angle) * radius * 0.8]);
      }
    }
    const points = centres.map(([dx, dy]) => [x + dx, y + dy]);
    const inner = points.filter(isOn);
    const outer = points.filter((point) => !inner.includes(point));
    return [...inner, ...outer].map(([at, down]) => box(at - w / 2, down - h / 2, w, h));
  }

  const burden = (candidate, taken) => taken.reduce((sum, one) => sum + overlap(candidate, one), 0);

  // items: { box candidates, priority, must }; returns the chosen box or null for each, in the order given.
  function place(items, obstacles, frame) {
    const chosen = new Map();
    const taken = [...obstacles];
    const labels = [];
    for (const item of [...items].sort((a, b) => b.priority - a.priority)) {
      const candidates = item.candidates.filter((candidate) => inside(candidate, frame));
      let found = candidates.find((candidate) => burden(candidate, taken) === 0);
      if (!found && item.must) {
        // A label that must stand may cover a symbol, but never another label.
        const free = candidates.filter((candidate) => burden(candidate, labels) === 0);
        found = free.sort((a, b) => burden(a, taken) - burden(b, taken))[0];
      }
      if (!found) continue;
      chosen.set(item, found);
      taken.push(found);
      labels.push(found);
    }
    return items.map((item) => chosen.get(item) || null);
  }

  return { place, aroundPoint, onArea, within, box };
})();
