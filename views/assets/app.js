// Everything works without this file; it only saves people a few keystrokes.

for (const button of document.querySelectorAll('button[data-copy]')) {
  const source = document.getElementById(button.dataset.copy)
  const status = button.parentElement.querySelector('[role="status"]')
  const label = button.textContent
  let reset

  button.hidden = false
  button.addEventListener('click', async () => {
    clearTimeout(reset)
    try {
      await navigator.clipboard.writeText(source.textContent)
      button.textContent = 'Copied'
      status.textContent = 'Copied to the clipboard.'
    } catch {
      // Some browsers refuse clipboard access by policy: leave the text selected, ready for the keyboard.
      getSelection().selectAllChildren(source)
      button.textContent = 'Selected'
      status.textContent = 'The text is selected. Copy it with your keyboard.'
    }
    reset = setTimeout(() => {
      button.textContent = label
      status.textContent = ''
    }, 2500)
  })
}

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return
  for (const open of document.querySelectorAll('details[data-popover][open]')) {
    open.open = false
    open.querySelector('summary').focus()
  }
})

document.addEventListener('click', (event) => {
  for (const open of document.querySelectorAll('details[data-popover][open]')) {
    if (!open.contains(event.target)) open.open = false
  }
})

// A secret that is shown once: leaving the page asks, until somebody says that it is stored.
for (const secret of document.querySelectorAll('[data-shown-once]')) {
  const ask = (event) => event.preventDefault()
  addEventListener('beforeunload', ask)
  secret.querySelector('form').addEventListener('submit', () => removeEventListener('beforeunload', ask))
}
