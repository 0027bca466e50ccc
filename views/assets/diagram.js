// Pan and zoom. Without this file the diagram scrolls in its box at full size.

const box = document.querySelector('[data-diagram]')
const svg = box.querySelector('svg')
const tools = document.querySelector('[data-diagram-tools]')
const [, , width, height] = svg.getAttribute('viewBox').split(' ').map(Number)
const whole = { x: 0, y: 0, width, height }
let view = { ...whole }

svg.removeAttribute('width')
svg.removeAttribute('height')
box.classList.add('live')
tools.hidden = false
open()

function show() {
  svg.setAttribute('viewBox', `${view.x} ${view.y} ${view.width} ${view.height}`)
}

/** Small enough to see much of it, large enough to read: around the focus, else from the left. */
function open() {
  size()
  fit()
  const least = box.clientWidth * 1.6
  if (view.width <= least) return
  zoom(least / view.width)
  const focus = svg
    .querySelector('.focus')
    ?.getAttribute('transform')
    .match(/[-\d.]+/g)
    .map(Number)
  view.x = focus ? focus[0] - view.width / 2 : -8
  if (focus) view.y = focus[1] - view.height / 2
  show()
}

/** As high as what it shows, so that a few boxes do not leave a void. */
function size() {
  const scale = Math.max(width / box.clientWidth, 1)
  const needed = height / Math.min(scale, 1.6) + 2
  box.style.height = `${Math.round(Math.min(Math.max(needed, 240), innerHeight * 0.78))}px`
}

/** All of it, but never larger than drawn: a few boxes need not fill the page. */
function fit() {
  const frame = box.getBoundingClientRect()
  const scale = Math.max(width / frame.width, height / frame.height, 1)
  view = { width: frame.width * scale, height: frame.height * scale }
  view.x = (width - view.width) / 2
  view.y = (height - view.height) / 2
  show()
}

function zoom(factor, at = { x: view.x + view.width / 2, y: view.y + view.height / 2 }) {
  const next = Math.min(Math.max(view.width * factor, 120), Math.max(width, box.clientWidth) * 3)
  const applied = next / view.width
  view = {
    x: at.x - (at.x - view.x) * applied,
    y: at.y - (at.y - view.y) * applied,
    width: next,
    height: view.height * applied,
  }
  show()
}

function toDrawing(event) {
  const frame = svg.getBoundingClientRect()
  return {
    x: view.x + ((event.clientX - frame.left) / frame.width) * view.width,
    y: view.y + ((event.clientY - frame.top) / frame.height) * view.height,
  }
}

// A wheel alone scrolls the page, as everywhere; with Ctrl (and a pinch, which sends it) it zooms.
box.addEventListener(
  'wheel',
  (event) => {
    if (!event.ctrlKey && !event.metaKey) return
    event.preventDefault()
    zoom(Math.exp(Math.max(-60, Math.min(60, event.deltaY)) / 200), toDrawing(event))
  },
  { passive: false },
)

let grip
let moved = false
box.addEventListener('pointerdown', (event) => {
  if (event.button !== 0) return
  grip = { at: toDrawing(event), id: event.pointerId, x: event.clientX, y: event.clientY }
  moved = false
})
box.addEventListener('pointermove', (event) => {
  if (grip === undefined || event.pointerId !== grip.id) return
  if (!moved && Math.hypot(event.clientX - grip.x, event.clientY - grip.y) < 4) return
  if (!moved) box.setPointerCapture(grip.id)
  moved = true
  const now = toDrawing(event)
  view.x += grip.at.x - now.x
  view.y += grip.at.y - now.y
  show()
})
for (const end of ['pointerup', 'pointercancel']) box.addEventListener(end, () => (grip = undefined))
// What was a drag is no click on the link under it.
box.addEventListener('click', (event) => moved && event.preventDefault(), true)
svg.addEventListener('dragstart', (event) => event.preventDefault())

box.addEventListener('keydown', (event) => {
  const step = view.width / 10
  const moves = {
    ArrowLeft: () => (view.x -= step),
    ArrowRight: () => (view.x += step),
    ArrowUp: () => (view.y -= step),
    ArrowDown: () => (view.y += step),
    '+': () => zoom(0.8),
    '=': () => zoom(0.8),
    '-': () => zoom(1.25),
    0: fit,
  }
  if (!(event.key in moves) || event.ctrlKey || event.metaKey || event.altKey) return
  event.preventDefault()
  moves[event.key]()
  show()
})

// A box that gets the keyboard's focus comes into sight, by the shortest way, as pages scroll.
svg.addEventListener('focusin', (event) => {
  const node = event.target.closest('.node')
  if (node === null || !node.matches(':focus-visible')) return
  const [x, y] = node
    .getAttribute('transform')
    .match(/[-\d.]+/g)
    .map(Number)
  const { width: boxWidth, height: boxHeight } = node.getBBox()
  view.x = nearest(view.x, view.width, x - boxWidth / 2 - 8, x + boxWidth / 2 + 8)
  view.y = nearest(view.y, view.height, y - boxHeight / 2 - 8, y + boxHeight / 2 + 8)
  show()
})

/** Where a view of this size begins to hold all from `first` to `last`. */
function nearest(begin, size, first, last) {
  return Math.min(Math.max(begin, last - size), first)
}

tools.querySelector('[data-zoom="in"]').addEventListener('click', () => zoom(0.8))
tools.querySelector('[data-zoom="out"]').addEventListener('click', () => zoom(1.25))
tools.querySelector('[data-zoom="fit"]').addEventListener('click', fit)
addEventListener('resize', open)
