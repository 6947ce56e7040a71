import { test } from 'vitest'
import { testServer } from '../support.ts'
import { fuzz } from './fuzz.ts'

test('2,000 malformed and hostile bodies a dialect get only 4xx', async () => {
  const server = await testServer()
  try {
    await fuzz(server, 2000)
  } finally {
    await server.close()
  }
})
