"""The orders of the user who is logged in."""

import json


def handler(event, context):
    # API Gateway calls this function only after the authorizer has accepted the token, and puts here what the authorizer
    # found in it. Clients cannot set it.
    login = event["requestContext"]["authorizer"]["lambda"]
    body = {"user_id": login["user_id"], "session_id": login["session_id"], "orders": []}
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(body)}
