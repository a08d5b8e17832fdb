"""Configurations that several tests use."""

IN_FLIGHT = '''
quotas = (
  { name = "in-flight";
    dimensions = { service = "destination.service.host | 'unknown'"; };
    concurrency = { max = 100; lease = "60s"; };
    overrides = ( { when = { service = "reviews"; }; max = 20; } );
    on_outage = "open"; }
);
'''


def in_flight(maximum, lease="60s", on_outage="open"):
    return f'''
quotas = (
  {{ name = "in-flight";
    dimensions = {{ service = "destination.service.host | 'unknown'"; }};
    concurrency = {{ max = {maximum}; lease = "{lease}"; }};
    on_outage = "{on_outage}"; }}
);
'''


def rate(amount, per="1h", burst=None, more=""):
    return f'''
quotas = (
  {{ name = "per-user";
    dimensions = {{ user = "source.user | 'anonymous'"; }};
    rate = {{ algorithm = "token_bucket"; amount = {amount}; per = "{per}";
             burst = {burst or amount}; }};
    {more} }}
);
'''


def window(algorithm, amount, per="1h", more=""):
    return f'''
quotas = (
  {{ name = "per-user";
    dimensions = {{ user = "source.user | 'anonymous'"; }};
    rate = {{ algorithm = "{algorithm}"; amount = {amount}; per = "{per}"; {more} }}; }}
);
'''


DENY_BLUE = '''
rules = (
  { name = "no-blue";
    match = "request.headers['x-version'] | '' == 'blue'";
    deny = { code = "PERMISSION_DENIED"; message = "blue is not public yet"; http_status = 403; }; }
);
'''
