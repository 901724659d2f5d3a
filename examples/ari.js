// SPDX-License-Identifier: BSD-2-Clause
// What ARI says of ZRTP, shown with npm's ari-client (2.2.0): see docs/guide/monitoring.md.
//
//   npm install ari-client@2.2.0
//   node ari.js http://127.0.0.1:8088 USER PASSWORD APPLICATION
//
// Answers the channels in Stasis(APPLICATION), and prints a line of JSON for each ZRTP event of theirs; a digit
// of the phone has it ask for an item.
'use strict';
const ari = require('ari-client');

const [url, user, password, application] = process.argv.slice(2);
const EVENTS = ['ZrtpSecure', 'ZrtpFailed', 'ZrtpClear', 'ZrtpRefused', 'ZrtpPassthrough', 'ZrtpState', 'ZrtpAlert',
  'ZrtpListening', 'ZrtpSasRelay', 'ZrtpVerified', 'ZrtpEnrollment'];

function print(fields) {
  process.stdout.write(JSON.stringify(fields) + '\n');
}

ari.connect(url, user, password).then((client) => {
  for (const name of EVENTS) {
    // The client reads Asterisk's list of events and dies of one that is not on it, so put these there, before start().
    client._swagger.apis.events.models[name] = { properties: [{ name: 'channel', dataType: 'Channel' }] };
    client.on(name, (event, channel) => print({ ...event, channel: channel.name }));
  }
  client.on('StasisStart', (event, channel) => {
    channel.answer().catch((failed) => print({ type: 'error', message: failed.message }));
  });
  // What an application can ask for at any time.
  client.on('ChannelDtmfReceived', (event, channel) => {
    channel.getChannelVar({ variable: 'ZRTP(Security)' })
      .then((answer) => print({ type: 'answer', value: answer.value }))
      .catch((failed) => print({ type: 'error', message: failed.message }));
  });
  client.start(application).then(() => print({ type: 'started' }));
}).catch((failed) => {
  print({ type: 'error', message: failed.message });
  process.exitCode = 1;
});
