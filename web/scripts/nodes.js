"use strict";

// Every element of the page is made here; values reach the page as text nodes only, never as markup.
const BioPlan = {};

BioPlan.nodes = (() => {
  const SVG = "http://www.w3.org/2000/svg";

  const kept = (children) =>
    children.flat(4).filter((child) => child !== null && child !== undefined && child !== false);

  function fill(element, attributes, children) {
    for (const [name, value] of Object.entries(attributes)) {
      if (value === null || value === undefined || value === false) continue;
      if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...kept(children));
    return element;
  }

  const html = (tag, attributes = {}, ...children) => fill(document.createElement(tag), attributes, children);
  const svg = (tag, attributes = {}, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);

  const replace = (id, ...children) => document.getElementById(id).replaceChildren(...kept(children));

  return { html, svg, replace };
})();
