"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const tip = document.getElementById("tip");
  const SVG = "http://www.w3.org/2000/svg";

  // Text is set as text, never as markup: names come from files.
  function show(lines, x, y) {
    tip.replaceChildren(...lines.map((line, at) => {
      const part = document.createElement(at === 0 ? "b" : "span");
      part.textContent = line;
      return part;
    }));
    tip.classList.add("on");
    const { width, height } = tip.getBoundingClientRect();
    const left = Math.min(Math.max(6, x + 14), innerWidth - width - 6);
    const top = y + 18 + height > innerHeight ? y - height - 12 : y + 18;
    tip.style.transform = `translate(${Math.max(6, left)}px, ${Math.max(6, top)}px)`;
  }

  const hide = () => tip.classList.remove("on");
  // Takes back what a figure last showed.
  let forget = hide;

  function add(svg, name, attributes) {
    const element = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    svg.append(element);
    return element;
  }

  const number = (value) => {
    if (value === null) return "not finite";
    const size = Math.abs(value);
    return size !== 0 && (size < 1e-3 || size >= 1e5) ? value.toExponential(2) : String(+value.toPrecision(4));
  };

  // A figure answers with what lies at a point, and with what comes after it for the keyboard.
  const kinds = {
    lines(svg, figure) {
      const [left, top, right, bottom] = figure.box;
      const epochs = [...new Set(figure.series.flatMap((s) => s.points.map((p) => p[0])))].sort((a, b) => a - b);
      const x = (epoch) => left + ((epoch - figure.x[0]) / (figure.x[1] - figure.x[0])) * (right - left);
      const y = (value) => bottom - ((value - figure.y[0]) / (figure.y[1] - figure.y[0])) * (bottom - top);
      const rule = add(svg, "path", { class: "fa", d: "" });
      const dots = figure.series.map((s) => add(svg, "circle", { class: `k${s.colour}`, r: 0 }));
      return {
        count: epochs.length,
        at: (px) => {
          let best = 0;
          epochs.forEach((epoch, at) => { if (Math.abs(x(epoch) - px) < Math.abs(x(epochs[best]) - px)) best = at; });
          return epochs.length ? best : null;
        },
        show: (at) => {
          const epoch = epochs[at];
          rule.setAttribute("d", `M${x(epoch)} ${top}V${bottom}`);
          const lines = [`epoch ${epoch}`];
          let height = top;
          figure.series.forEach((s, which) => {
            const found = s.points.find((p) => p[0] === epoch);
            dots[which].setAttribute("r", found && found[1] !== null ? 3.4 : 0);
            if (!found) return;
            lines.push(`${s.name}: ${number(found[1])}${figure.unit ? " " + figure.unit : ""}`);
            if (found[1] === null) return;
            height = y(found[1]);
            dots[which].setAttribute("cx", x(epoch));
            dots[which].setAttribute("cy", height);
          });
          return { lines, x: x(epoch), y: height };
        },
        clear: () => { rule.setAttribute("d", ""); dots.forEach((dot) => dot.setAttribute("r", 0)); },
      };
    },

    matrix(svg, figure) {
      const { left, top, cell, classes } = figure;
      const counts = new Map(figure.counts.map(([label, guess, clips]) => [label * classes + guess, clips]));
      const totals = new Array(classes).fill(0);
      for (const [label, , clips] of figure.counts) totals[label] += clips;
      const frame = add(svg, "rect", { class: "fa", width: cell, height: cell, visibility: "hidden" });
      return {
        count: classes * classes,
        wide: classes,
        at: (px, py) => {
          const guess = Math.floor((px - left) / cell), label = Math.floor((py - top) / cell);
          return guess >= 0 && label >= 0 && guess < classes && label < classes ? label * classes + guess : null;
        },
        show: (at) => {
          const label = Math.floor(at / classes), guess = at % classes;
          const clips = counts.get(at) || 0, all = totals[label];
          const x = left + guess * cell, y = top + label * cell;
          for (const [key, value] of [["x", x], ["y", y], ["visibility", "visible"]]) frame.setAttribute(key, value);
          const share = all ? ` (${(100 * clips / all).toFixed(1)} %)` : "";
          return {
            lines: [data.classes[label], label === guess ? "recognised" : `taken for ${data.classes[guess]}`, `${clips} of ${all} clips${share}`],
            x: x + cell / 2, y: y + cell / 2,
          };
        },
        clear: () => frame.setAttribute("visibility", "hidden"),
      };
    },

    map(svg, figure) {
      const ring = add(svg, "circle", { class: "fl s8", r: 8, visibility: "hidden" });
      const legends = [...svg.querySelectorAll("[data-legend]")];
      let kept = null;
      const only = (shown) => {
        for (const point of svg.querySelectorAll("[data-class]")) {
          point.classList.toggle("dim", shown !== null && point.dataset.class !== shown);
        }
      };
      for (const legend of legends) {
        const name = legend.dataset.legend;
        legend.addEventListener("pointerenter", () => only(name));
        legend.addEventListener("pointerleave", () => only(kept));
        legend.addEventListener("click", () => only(kept = kept === name ? null : name));
      }
      return {
        count: figure.points.length,
        at: (px, py) => {
          let best = null, least = 14 ** 2;
          figure.points.forEach(([x, y], at) => {
            const distance = (x - px) ** 2 + (y - py) ** 2;
            if (distance < least) [best, least] = [at, distance];
          });
          return best;
        },
        show: (at) => {
          const [x, y] = figure.points[at];
          const [name, label, linear, knn] = data.clips[at];
          for (const [key, value] of [["cx", x], ["cy", y], ["visibility", "visible"]]) ring.setAttribute(key, value);
          const said = (guess) => data.classes[guess] + (guess === label ? " ✓" : " ✗");
          return { lines: [name, `class: ${data.classes[label]}`, `linear: ${said(linear)}`, `kNN: ${said(knn)}`], x, y };
        },
        clear: () => ring.setAttribute("visibility", "hidden"),
      };
    },
  };

  for (const [id, figure] of Object.entries(data.figures)) {
    const svg = document.getElementById(id);
    const kind = svg && kinds[figure.kind];
    if (!kind) continue;
    const answer = kind(svg, figure);
    let current = null;
    const clear = () => { current = null; answer.clear(); hide(); };
    const present = (at) => {
      current = at;
      forget = clear;
      const { lines, x, y } = answer.show(at);
      const place = new DOMPoint(x, y).matrixTransform(svg.getScreenCTM());
      show(lines, place.x, place.y);
    };
    const point = (event) => {
      const place = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
      const at = answer.at(place.x, place.y);
      if (at === null) clear(); else if (at !== current) present(at);
    };
    svg.addEventListener("pointermove", point);
    svg.addEventListener("pointerdown", point);
    svg.addEventListener("pointerleave", clear);
    svg.addEventListener("blur", clear);
    svg.addEventListener("keydown", (event) => {
      if (event.key === "Escape") return clear();
      const wide = answer.wide || 1;
      const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -wide, ArrowDown: wide }[event.key];
      if (!step || !answer.count) return;
      event.preventDefault();
      present(current === null ? 0 : Math.min(answer.count - 1, Math.max(0, current + step)));
    });
  }
  addEventListener("scroll", () => forget(), { passive: true });

  for (const table of document.querySelectorAll("table.sort")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = head.querySelector("button");
      if (!button) return;
      button.addEventListener("click", () => {
        const up = head.getAttribute("aria-sort") !== "ascending";
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", up ? "ascending" : "descending");
        const key = (row) => row.cells[column].dataset.key ?? row.cells[column].textContent;
        const order = (a, b) => {
          const [x, y] = [key(a), key(b)];
          const found = x !== "" && y !== "" && !isNaN(x) && !isNaN(y) ? x - y : x.localeCompare(y);
          return up ? found : -found;
        };
        table.tBodies[0].append(...[...table.tBodies[0].rows].sort(order));
      });
    });
  }

  const pictures = [...document.querySelectorAll("[data-motion]")];
  const buttons = [...document.querySelectorAll(".play")];
  if (!pictures.length || !data.skeleton) return;
  const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const value = Object.fromEntries([...digits].map((digit, at) => [digit, at]));
  const ABSENT = 4095;
  const decoded = new Map();
  const decode = (name) => {
    if (!decoded.has(name)) {
      const { code } = data.motions[name];
      const steps = new Uint16Array(code.length / 2);
      for (let at = 0; at < steps.length; at++) steps[at] = value[code[2 * at]] * 64 + value[code[2 * at + 1]];
      decoded.set(name, steps);
    }
    return decoded.get(name);
  };

  function draw(picture, seconds) {
    const name = picture.dataset.motion;
    const motion = data.motions[name];
    const steps = decode(name);
    const { joints, bones } = data.skeleton;
    // A clip rests at its end, so that one sees where it begins.
    const place = Math.min(1, (seconds % (motion.seconds + 0.5)) / motion.seconds) * (motion.frames - 1);
    const frame = Math.floor(place), next = Math.min(frame + 1, motion.frames - 1), share = place - frame;
    const scale = data.side / (ABSENT - 1);
    const coordinate = (person, joint, axis) => {
      const at = (frame, axis) => steps[((frame * motion.persons + person) * joints + joint) * 2 + axis];
      if (at(frame, 0) === ABSENT) return null;
      const from = at(frame, axis), to = at(next, 0) === ABSENT ? from : at(next, axis);
      return ((from + (to - from) * share) * scale).toFixed(1);
    };
    picture.querySelectorAll("g").forEach((group, person) => {
      const paths = ["", "", ""];
      for (const [a, b, side] of bones) {
        const x = coordinate(person, a, 0), u = coordinate(person, b, 0);
        if (x === null || u === null) continue;
        paths[side] += `M${x} ${coordinate(person, a, 1)}L${u} ${coordinate(person, b, 1)}`;
      }
      paths.forEach((path, side) => group.children[side].setAttribute("d", path));
    });
  }

  const visible = new Set();
  const watch = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (isIntersecting) visible.add(target); else visible.delete(target);
    }
  });
  pictures.forEach((picture) => watch.observe(picture));
  let playing = false, clock = 0, last = 0;
  function tick(now) {
    if (!playing) return;
    // A frame's time may lie before the click that began it.
    clock += Math.min(0.1, Math.max(0, now - last) / 1000);
    last = now;
    visible.forEach((picture) => draw(picture, clock));
    requestAnimationFrame(tick);
  }
  function play(on) {
    playing = on;
    for (const button of buttons) button.textContent = on ? "Pause" : "Play";
    if (on) { last = performance.now(); requestAnimationFrame(tick); }
  }
  buttons.forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => play(!playing));
  });
  play(!matchMedia("(prefers-reduced-motion: reduce)").matches);
})();
