// Lets a device answer the question in the form, and sends the form. Without passkeys in the browser it stays hidden.

const form = document.getElementById('passkey')
const wrong = document.getElementById('passkey-wrong')

async function ask() {
  const options = JSON.parse(form.dataset.options)
  if (form.dataset.new === undefined) {
    return navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) })
  }
  return navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) })
}

async function send(event) {
  event.preventDefault()
  wrong.hidden = true
  try {
    form.elements.credential.value = JSON.stringify((await ask()).toJSON())
  } catch {
    wrong.hidden = false
    return
  }
  form.submit()
}

if (globalThis.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  form.hidden = false
  form.addEventListener('submit', send)
} else {
  document.getElementById('no-passkeys')?.removeAttribute('hidden')
}
