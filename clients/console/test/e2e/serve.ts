/** `npm run mock`: the mock server by hand, to look around. */
import { EMAIL, PASSWORD } from './admin.ts'
import { MockServer } from './mock-server.ts'

const url = await new MockServer().listen(Number(process.env['PORT'] ?? 0))
console.log(`${url}/console/  ${EMAIL}  ${PASSWORD}`)
