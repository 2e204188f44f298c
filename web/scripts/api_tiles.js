"use strict";

// A layer of vector tiles (Mapbox Vector Tile 2.1), drawn as they come: all that a look at a tileset needs.
BioPlan.tiles = (() => {
  const SIDE = 512;
  const POINT = 1;
  const LINE = 2;
  const MOVE_TO = 1;
  const LINE_TO = 2;
  const PAINT = { stroke: "#1f4f80", fill: "rgb(31 79 128 / 22%)", point: "#1f4f80" };

  // The fields of a protocol buffer: number and value, which is a number or the bytes of what is within.
  function* fieldsOf(bytes) {
    let at = 0;
    const varint = () => {
      let value = 0;
      for (let scale = 1; ; scale *= 128) {
        const byte = bytes[at++];
        value += (byte & 127) * scale;
        if (!(byte & 128)) return value;
      }
    };
    while (at < bytes.length) {
      const key = varint();
      const kind = key & 7;
      if (kind === 0) yield [key >>> 3, varint()];
      else if (kind === 2) {
        const size = varint();
        yield [key >>> 3, bytes.subarray(at, (at += size))];
      } else at += kind === 1 ? 8 : 4;
    }
  }

  function numbersOf(bytes) {
    const numbers = [];
    let value = 0;
    let scale = 1;
    for (const byte of bytes) {
      value += (byte & 127) * scale;
      scale *= 128;
      if (byte & 128) continue;
      numbers.push(value);
      [value, scale] = [0, 1];
    }
    return numbers;
  }

  const signed = (number) => (number >>> 1) ^ -(number & 1);

  // The parts of a geometry, each a list of positions in the tile's units and whether it comes back to its beginning.
  function partsOf(commands) {
    const parts = [];
    let [x, y] = [0, 0];
    for (let at = 0; at < commands.length; ) {
      const command = commands[at] & 7;
      const count = commands[at++] >>> 3;
      if (command !== MOVE_TO && command !== LINE_TO) {
        parts.at(-1).closed = true;
        continue;
      }
      for (let step = 0; step < count; step += 1) {
        x += signed(commands[at++]);
        y += signed(commands[at++]);
        if (command === MOVE_TO) parts.push({ positions: [], closed: false });
        parts.at(-1).positions.push([x, y]);
      }
    }
    return parts;
  }

  function layersOf(tile) {
    const layers = [];
    for (const [number, bytes] of fieldsOf(tile)) {
      if (number !== 3) continue;
      const layer = { extent: 4096, features: [] };
      for (const [inner, value] of fieldsOf(bytes)) {
        if (inner === 5) layer.extent = value;
        if (inner === 2) layer.features.push(featureOf(value));
      }
      layers.push(layer);
    }
    return layers;
  }

  function featureOf(bytes) {
    const feature = { kind: 0, parts: [] };
    for (const [number, value] of fieldsOf(bytes)) {
      if (number === 3) feature.kind = value;
      if (number === 4) feature.parts = partsOf(numbersOf(value));
    }
    return feature;
  }

  function paint(canvas, layers) {
    const pen = canvas.getContext("2d");
    Object.assign(pen, { strokeStyle: PAINT.stroke, fillStyle: PAINT.fill, lineWidth: canvas.width / SIDE, lineJoin: "round" });
    for (const { extent, features } of layers) {
      const unit = canvas.width / extent;
      for (const { kind, parts } of features) {
        const shape = kind === POINT ? dots(parts, unit, canvas.width / 128) : outline(parts, unit);
        if (kind === POINT) pen.fillStyle = PAINT.point;
        if (kind !== LINE) pen.fill(shape, "evenodd");
        if (kind !== POINT) pen.stroke(shape);
        pen.fillStyle = PAINT.fill;
      }
    }
  }

  function outline(parts, unit) {
    const shape = new Path2D();
    for (const { positions, closed } of parts) {
      positions.forEach(([x, y], at) => (at ? shape.lineTo(x * unit, y * unit) : shape.moveTo(x * unit, y * unit)));
      if (closed) shape.closePath();
    }
    return shape;
  }

  function dots(parts, unit, radius) {
    const shape = new Path2D();
    for (const { positions } of parts) {
      for (const [x, y] of positions) {
        shape.moveTo(x * unit + radius, y * unit);
        shape.arc(x * unit, y * unit, radius, 0, 2 * Math.PI);
      }
    }
    return shape;
  }

  async function bytesAt(address) {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(`${answer.status} ${address}`);
    return new Uint8Array(await answer.arrayBuffer());
  }

  const Tiles = L.GridLayer.extend({
    createTile({ x, y, z }, done) {
      const canvas = document.createElement("canvas");
      canvas.width = canvas.height = SIDE * Math.min(devicePixelRatio || 1, 2);
      const places = { tileMatrix: z - 1, tileRow: y, tileCol: x, z: z - 1, y, x };
      const address = this.options.address.replace(/\{(\w+)\}/g, (whole, name) => places[name] ?? whole);
      bytesAt(address)
        .then((bytes) => paint(canvas, layersOf(bytes)))
        .then(() => done(null, canvas), (fault) => done(fault, canvas));
      return canvas;
    },
  });

  // Tiles are drawn 512 pixels wide, which is what their detail is made for: at zoom z the map asks for z - 1.
  return (address, finest) =>
    new Tiles({ address, pane: "overlayPane", tileSize: SIDE, minNativeZoom: 1, maxNativeZoom: finest + 1, noWrap: true, keepBuffer: 1 });
})();
