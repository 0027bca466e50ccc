import { parentPort } from 'node:worker_threads'
import { layOut } from '../architecture/diagram/layout.ts'
import type { DiagramSelection } from '../architecture/diagram/selection.ts'

// Run by diagram-layouts.ts in a thread of its own: laying out 150 boxes takes a second, in which nobody else would be
// served.
parentPort?.on('message', (selection: DiagramSelection) => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- threads have no origins, windows do
  parentPort?.postMessage(layOut(selection))
})
