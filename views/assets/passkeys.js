// Passkeys are the one thing here that needs script: only it can ask the browser for one. The buttons stay hidden where
// the browser cannot.

const sentences = {
  InvalidStateError: 'This device already has a passkey for your account.',
  NotAllowedError: 'Nothing was confirmed. Try again when you are ready.',
  SecurityError: 'This browser makes no passkeys for this address.',
}

async function answer({ ceremony, options }) {
  const response = await fetch(options, { headers: { accept: 'application/json' } })
  if (!response.ok || response.redirected) throw new Error('refused')
  const json = await response.json()
  const credential =
    ceremony === 'create'
      ? await navigator.credentials.create({
          publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(json),
        })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(json) })
  return JSON.stringify(credential)
}

if (window.PublicKeyCredential?.parseRequestOptionsFromJSON) {
  for (const place of document.querySelectorAll('[data-passkey]')) {
    const button = place.querySelector('button')
    const problem = place.querySelector('[role="alert"]')
    place.hidden = false
    button.addEventListener('click', async () => {
      button.disabled = true
      problem.textContent = ''
      try {
        const field = document.createElement('input')
        field.type = 'hidden'
        field.name = button.dataset.field
        field.value = await answer(button.dataset)
        button.form.append(field)
        button.form.submit()
      } catch (error) {
        problem.textContent = sentences[error.name] ?? 'That did not work. Reload the page and try again.'
        button.disabled = false
      }
    })
  }
}
