"""What of ours is compared with which operation of a client (clients.mjs has them by these names), and every difference that is
meant, with its reason."""


def without(*names):
    """Members of the body that one side alone sends."""
    def change(request):
        for name in names:
            request.body.pop(name, None)
    return change


def same_trace(request):
    for each in request.body["inputs"]:
        each["objectWriteTraceId"] = "*"


KEY = ("what became of a message whose answer is lost is told by the status that brings this back", without("biz_opaque_callback_data"))


def whatsapp(fields, **differs):
    return {"object": "message", "call": "create", "set": {"to": "+393331234567", **fields}, "differs": dict([KEY], **differs)}


def zendesk(obj, call, **more):
    return {"object": obj, "call": call, **more}


PAIRS = {
    "hubspot": {
        "target": "hubspot",
        "pairs": {
            "upsert of one": {"object": "companies", "call": "upsert", "match": {"erp_code": "C 1/2"},
                              "set": {"name": "Rossi Srl", "city": "Roma"},
                              "differs": {"a record's trace is its idempotency key": same_trace}},
            "create": {"object": "tickets", "call": "create", "match": {"erp_code": "C1"}, "set": {"subject": "Limit"},
                       "differs": {"the client's types demand a list of associations, if of none": without("associations")}},
            "update": {"object": "companies", "call": "update", "remote_id": "42", "set": {"name": "Rossi Srl", "city": "Roma"}},
            "archive": {"object": "companies", "call": "archive", "remote_id": "42"},
            "find": {"object": "companies", "call": "find", "match": {"erp_code": "C 1"}},
        },
    },
    "salesforce": {
        "target": "salesforce",
        "pairs": {
            "upsert of one": {"object": "Account", "call": "upsert", "match": {"Erp_Code__c": "C 1"}, "set": {"Name": "Rossi Srl"}},
            "upsert of three": {"golden": ("account.yaml", "a collection of three, each with its own end")},
        },
    },
    "zendesk": {
        "target": "zendesk",
        "pairs": {
            "create a ticket": zendesk("tickets", "create", match={"external_id": "C1"},
                                       set={"subject": "Limit", "comment.body": "500"}),
            "update a ticket": zendesk("tickets", "update", remote_id="42", set={"subject": "Limit"}),
            "delete a ticket": zendesk("tickets", "delete", remote_id="42"),
            "upsert a user": zendesk("users", "upsert", match={"external_id": "C1"}, set={"name": "Ada"}),
            "upsert an organization": zendesk("organizations", "upsert", match={"external_id": "C1"}, set={"name": "Rossi Srl"}),
        },
    },
    "whatsapp": {
        "target": "whatsapp",
        "pairs": {
            "text": whatsapp({"text": "Ciao", "preview_url": False}),
            "template, positional": whatsapp({"template.name": "order_shipped", "template.language": "it",
                                              "template.body": ["O-1", "24/12/2026"]}),
            "template, named": whatsapp({"template.name": "order_shipped", "template.language": "it",
                                         "template.body.day": "24/12/2026"}),
            "template, header and button": whatsapp({"template.name": "order_shipped", "template.language": "it",
                                                     "template.header.image": "https://example.com/a.png",
                                                     "template.body": ["O-1"], "template.buttons.0.url": "track/1"}),
            "document": whatsapp({"document.link": "https://example.com/a.pdf", "document.filename": "a.pdf"}),
        },
    },
}
