// Runs a state machine on aws-local-stepfunctions, once for each script of a Lambda's answers.
//
// Standard input: {definition, inputs, scripts, task, wait}. A script is a list of answers, each
// {"answer": …} or {"error": name, "cause": text}; the last one is given for ever. Standard output:
// for each script the states that were entered, what the Lambda was told, and how the child ended.
Promise.withResolvers ??= function () {  // of node 22; the interpreter uses it
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
};
const { StateMachine } = require('aws-local-stepfunctions');

async function run({ definition, task, wait }, input, script) {
  const called = [];
  const overrides = {
    taskResourceLocalHandlers: {
      [task]: async ({ Payload }) => {
        const step = script[Math.min(called.length, script.length - 1)];
        called.push(Payload);
        if ('error' in step) {
          throw Object.assign(new Error(step.cause), { name: step.error });
        }
        return { Payload: step.answer, StatusCode: 200 };
      },
    },
    waitTimeOverrides: { [wait]: 0 },
    retryIntervalOverrides: { [task]: 0 },
  };
  const machine = new StateMachine(definition, { validationOptions: { noValidate: true } });
  const execution = machine.run(input, { overrides });
  execution.result.catch(() => {}); // the events tell it
  const entered = [];
  let ended = {};
  for await (const event of execution.eventLogs) {
    if (event.type === 'StateEntered') entered.push(event.state.name);
    if (event.type.startsWith('MapIteration')) ended = event;
  }
  const { type, Error: error, Cause: cause } = ended;
  return { entered, called, succeeded: type === 'MapIterationSucceeded', error, cause };
}

async function main(asked) {
  const ran = asked.scripts.map((script, place) => run(asked, asked.inputs[place], script));
  process.stdout.write(JSON.stringify(await Promise.all(ran)));
}

main(JSON.parse(require('fs').readFileSync(0, 'utf8')));
