/** A test of a file that is only there when somebody made it. */
const there = 'glm_probe_interval_seconds{job="probe",instance="a",target="home",model="glm-4.6"';
/** For promtool, beside the checks.yml of a config with `chat` and `chat_stream`: the second goes at the fifth minute. */
export const missingCheckTest = {
  rule_files: ['checks.yml'],
  evaluation_interval: '1m',
  tests: [
    {
      interval: '1m',
      input_series: [
        { series: `${there},check="chat"}`, values: '60x20' },
        { series: `${there},check="chat_stream"}`, values: '60x4 stale _x20' },
      ],
      alert_rule_test: [
        { eval_time: '14m', alertname: 'GlmProbeCheckMissing', exp_alerts: [] },
        {
          eval_time: '15m',
          alertname: 'GlmProbeCheckMissing',
          exp_alerts: [
            {
              exp_labels: { severity: 'ticket', target: 'home', check: 'chat_stream', model: 'glm-4.6' },
              exp_annotations: {
                summary: 'home chat_stream (glm-4.6) is configured, and no prober runs it',
                runbook_url: 'dashboards/README.md#glmprobecheckmissing',
              },
            },
          ],
        },
      ],
    },
  ],
};
