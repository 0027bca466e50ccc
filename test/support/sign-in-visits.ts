import { send, type Visits } from './page-visit.ts'

/** Pages people pass through before they are signed in, and those inside an authorization. */
export const signInVisits: Visits = {
  'GET /': [
    { as: 'ada', shows: 'can be restored until' },
    { as: 'eve', shows: 'You are not in an organization yet' },
  ],
  'GET /setup': [
    { as: 'first', shows: 'Set up OpenTrace', path: ({ tokens }) => `/setup?token=${tokens.setup}` },
    {
      as: 'first',
      shows: 'Use at least 10 characters',
      path: ({ tokens }) => `/setup?token=${tokens.setup}`,
      first: (page) =>
        send(page, { name: 'Ada', email: 'ada@example.com', password: 'short', organization: 'A' }),
    },
    {
      as: 'first',
      shows: 'setup link is not valid',
      path: () => '/setup?token=wrong',
      status: 404,
    },
  ],
  'GET /sign-in': [
    { as: 'guest', shows: 'Forgot your password?' },
    {
      as: 'guest',
      shows: 'password is wrong',
      first: (page) => send(page, { email: 'ada@example.com', password: 'wrong' }),
    },
  ],
  'GET /sign-in/oidc': 'none: goes to the provider',
  'GET /sign-in/oidc/callback': 'none: goes on',
  'GET /sign-in/oidc/:organization': 'none: goes to the provider',
  'GET /sign-in/oidc/:organization/callback': 'none: goes on',
  'GET /sign-in/organization': [
    { as: 'guest', shows: 'Your e-mail address tells where' },
    {
      as: 'guest',
      shows: 'Continue with Globex ID',
      first: (page) => send(page, { email: 'somebody@globex.example' }),
    },
    {
      as: 'guest',
      shows: 'No organization here has connected a provider',
      first: (page) => send(page, { email: 'ada@example.com' }),
    },
  ],
  'GET /sign-in/confirm': [
    { as: 'early', shows: 'Confirm it’s you' },
    {
      as: 'early',
      shows: 'The password is wrong',
      first: (page) => send(page, { confirm_password: 'wrong' }),
    },
  ],
  'GET /sign-in/passkey/options': 'none: for script',
  'GET /invitations/:token': [
    { as: 'guest', shows: 'Create account and join', path: ({ tokens }) => `/invitations/${tokens.guest}` },
    { as: 'guest', shows: 'Sign in to accept', path: ({ tokens }) => `/invitations/${tokens.bob}` },
    { as: 'ada', shows: 'You are signed in as', path: ({ tokens }) => `/invitations/${tokens.bob}` },
    { as: 'bob', shows: 'Join as bob@example.com', path: ({ tokens }) => `/invitations/${tokens.bob}` },
  ],
  'GET /forgot-password': [
    { as: 'guest', shows: 'Send the link' },
    { as: 'guest', shows: 'Look at your mail', first: (page) => send(page, { email: 'ada@example.com' }) },
    { as: 'first', shows: 'This server sends no mail' },
  ],
  'GET /reset-password': [
    {
      as: 'guest',
      shows: 'Use at least 10 characters',
      path: ({ tokens }) => `/reset-password?token=${tokens.reset}`,
      first: (page) => send(page, { password: 'short' }),
    },
  ],
  'GET /leaked-token': [
    { as: 'guest', shows: 'For secret scanners', first: (page) => send(page, { token: 'no token' }) },
  ],
  'GET /oauth/authorize': [
    {
      as: 'guest',
      shows: 'This client is not known here',
      path: ({ authorization }) => authorization({ client_id: 'nobody' }),
      status: 400,
    },
    {
      as: 'guest',
      shows: 'You are leaving OpenTrace',
      path: ({ authorization, clients }) =>
        authorization({
          client_id: clients.web,
          redirect_uri: 'https://app.example/done',
          code_challenge: '',
        }),
      status: 400,
    },
  ],
  'GET /interaction/:uid': [
    { as: 'guest', shows: 'to continue with Claude Code', path: ({ authorization }) => authorization() },
    { as: 'ada', shows: 'known to this server', path: ({ authorization }) => authorization() },
    {
      as: 'mel',
      shows: 'It only claims this name',
      path: ({ authorization, clients }) =>
        authorization({
          client_id: clients.web,
          redirect_uri: 'https://app.example/done',
        }),
    },
    { as: 'eve', shows: 'You are not in an organization yet', path: ({ authorization }) => authorization() },
    {
      as: 'guest',
      shows: 'This sign-in is over',
      path: () => '/interaction/nothing',
      status: 400,
    },
  ],
}
