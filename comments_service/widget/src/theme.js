// Dark follows the page, never the system: what counts is the colour of the text we inherit.

/** Dress `root` like the page around `host`, now and whenever the page changes its dress, until `signal`. */
export function followTheme(host, root, signal) {
  // Once more when a page that fades from one theme to the other has done so.
  const look = () => {
    dress(host, root)
    setTimeout(dress, 600, host, root)
  }
  const watch = new MutationObserver(look)
  for (const element of [document.documentElement, document.body]) watch.observe(element, { attributes: true })
  signal.addEventListener('abort', () => watch.disconnect())
  matchMedia('(prefers-color-scheme:dark)').addEventListener('change', look, { signal })
  // A stylesheet may arrive after us.
  document.addEventListener('load', (event) => event.target.sheet && look(), { capture: true, signal })
  dress(host, root)
}

function dress(host, root) {
  const { style, classList } = root
  classList.remove('forced')
  const text = getComputedStyle(root).color
  const light = brightness(text, root)
  const isLight = light > 0.4
  const theme = host.getAttribute('theme')
  const isDark = theme === 'dark' || (theme !== 'light' && isLight)
  style.colorScheme = isDark ? 'dark' : 'light'
  style.setProperty('--text', text)
  // A quiet word keeps a contrast of 4.5; text that is itself rather pale has little to give away.
  style.setProperty('--quiet', light > 0.04 && light < 0.7 ? '85%' : '72%')
  // A theme that is not the page's needs a ground of its own.
  classList.toggle('forced', isDark !== isLight)
}

/** Relative luminance of any CSS colour, by the usual shorter curve: mixing it makes the browser say its parts. */
function brightness(colour, root) {
  root.style.color = `color-mix(in srgb,${colour},${colour})`
  const [red, green, blue] = getComputedStyle(root).color.match(/[\d.e-]+/g)
  root.style.color = ''
  return 0.21 * red ** 2.2 + 0.72 * green ** 2.2 + 0.07 * blue ** 2.2
}
