// All talk with the service.

const WAIT = 15000
const PAUSES = [800, 2400]

// A module script is nobody's current script; then the address tells.
const script = document.currentScript || document.querySelector('script[src*="/embed"]')

/** Where the script came from is where the service is. */
export const SERVICE = new URL('.', script.src).href

/**
 * Ask `path` of the service's API: `{ok, status, data, wait}`, `wait` being the seconds of a `Retry-After`.
 * `repeats` is how often to ask again when the network or the service fails; throws when the network fails to the end.
 */
export async function ask(path, { method, body, headers, repeats = 0 } = {}) {
  for (let turn = 0; ; turn++) {
    try {
      const answer = await fetch(`${SERVICE}api/v1/${path}`, {
        method,
        body: body && JSON.stringify(body),
        headers: { ...headers, ...(body && { 'Content-Type': 'application/json' }) },
        credentials: 'omit',
        signal: AbortSignal.timeout(WAIT),
      })
      if (answer.status < 500 || turn >= repeats) return unpack(answer)
    } catch (failure) {
      if (turn >= repeats) throw failure
    }
    await new Promise((resume) => setTimeout(resume, PAUSES[turn]))
  }
}

async function unpack(answer) {
  const { ok, status, headers } = answer
  // A proxy's own error page is no JSON: then the status alone must do.
  const data = (await answer.json().catch(() => {})) || {}
  return { ok, status, data, wait: headers.get('Retry-After') }
}
