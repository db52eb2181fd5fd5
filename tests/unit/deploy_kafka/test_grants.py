from confluent_kafka.admin._acl import AclOperation
from pulsemon_deploy.kafka.access import role_grants, topic_grants
from pulsemon_schemas.topics import ROLES, TOPICS


def test_grants_are_what_the_data_says_and_no_more() -> None:
    allowed = {
        (grant.role, grant.name, "write" if grant.operation == AclOperation.WRITE else "read")
        for grant in topic_grants(TOPICS)
    }
    said = {(role, topic.name, "write") for topic in TOPICS for role in topic.writers}
    said |= {(role, topic.name, "read") for topic in TOPICS for role in topic.readers}

    assert allowed == said


def test_no_grant_on_topics_covers_more_than_one() -> None:
    assert not any(grant.is_prefix for grant in topic_grants(TOPICS))


def test_a_role_owns_the_groups_that_bear_its_name() -> None:
    names = {grant.name for grant in role_grants(["sink"])}

    assert names == {"pulsemon-sink"}


def test_only_the_processor_writes_in_transactions() -> None:
    def kinds(role: str) -> set[str]:
        return {grant.resource.name for grant in role_grants([role])}

    assert kinds("processor") == {"GROUP", "TRANSACTIONAL_ID"}
    assert kinds("agent") == {"GROUP"}


def test_no_role_is_the_beginning_of_another() -> None:
    """Else the groups of one would belong to the other too."""
    assert not [(one, other) for one in ROLES for other in ROLES if one != other and other.startswith(one)]
