"""Reading the topic of alerts as a member of a group: each alert is done when the body of the loop is through."""

import dataclasses
import logging
import os
import threading
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Literal

from pulsemon_schemas.errors import AuthError, ContractError, PermanentError, TransientError
from pulsemon_schemas.runtime.kafka import ENVIRONMENT_PREFIX, Config, KafkaSettings, consumer_config
from pulsemon_schemas.runtime.settings import load
from pulsemon_schemas.topics import ALERT_STATE, ALERTS, CONTROL

from pulsemon.alerts.alert import Alert, decode
from pulsemon.alerts.rulebook import Rulebook
from pulsemon.alerts.seen import Seen

if TYPE_CHECKING:
    from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

    from pulsemon.alerts.following import Following

log = logging.getLogger(__name__)

Start = Literal["latest", "earliest"]

POLL_SECONDS = 0.2
PLACE_SECONDS = 5.0
PLACE_TRIES = 3
# librdkafka's own errors: nothing is left to commit, a login that the broker does not take, and nobody is there
NO_OFFSET = -168
AUTHENTICATION = -169
ALL_BROKERS_DOWN = -187
CRITICAL_ONLY = 2


def read(
    kafka: KafkaSettings | None = None,
    *,
    group: str,
    start: Start = "latest",
    stop: threading.Event | None = None,
    rules: bool = False,
    inhibit: bool = False,
    session_seconds: float = 10.0,
    topic: str = ALERTS.name,
    control_topic: str = CONTROL.name,
    state_topic: str = ALERT_STATE.name,
) -> Iterator[Alert]:
    """Every transition of every alert, waiting for the next without end.

    ``kafka`` None takes address and login from the environment, ``PULSEMON_KAFKA_…``. ``group`` names whose place in
    the log this is: programs with one group share the alerts, each server's at one of them. A new group begins with
    the alerts that come from now on, or with ``start="earliest"`` at the oldest that is kept, 30 days ago; its place
    is saved before the first alert, so none is missed from then on. ``rules`` also looks up summary, runbook and owner
    of the rule, for which the login must be allowed to read the control log. When a program of the group dies without
    leaving, another has its alerts after ``session_seconds``.

    *At least once.* The place in the log moves when the body of the loop has finished; an alert whose body raised,
    left the loop by ``break``, or was killed comes again. A body may take up to five minutes: then the alerts of its
    servers go to another member of the group. Transitions not newer than the last one handled of their alert are
    dropped. Records that are no alerts are passed over, the first with a warning.

    *Inhibition.* With ``inhibit``, for which the login must be allowed to read the control log and the newest state of
    alerts, as ``notifier`` is, an alert about the silence of one server has ``inhibited_by``, and ``is_quiet``, if
    the alert about its whole environment was there when it happened: pending, firing, acknowledged or unknown. Both
    topics are read from their start before the first alert, and up to their end before an alert about a silence, at
    most once a second; memory grows with the servers and their changes. A server's alert that happened before its
    environment's began, or is read before that is in the log or within a second after, pages. One that was quiet
    since its environment's was pending does not come again if that ends without firing.

    The loop ends, and the group is left, soon after ``stop`` is set; KeyboardInterrupt leaves it, too, and is raised.
    While Kafka is away the loop waits, and says so once. Raises ValueError for an argument that is none, SettingsError
    for settings that are wrong, AuthError for a login that is refused, here or in what ``inhibit`` needs,
    TransientError if Kafka does not tell the group's place, PermanentError if reading can never go on.

    >>> import threading
    >>> stop = threading.Event()
    >>> stop.set()
    >>> list(read(group="pulsemon-bridge-mine", stop=stop))
    []
    """
    if not group:
        raise ValueError("group: name one, as pulsemon-bridge-mine; it keeps the place in the log")
    if start not in ("latest", "earliest"):
        raise ValueError(f"start={start!r}: use latest or earliest")
    if kafka is not None and not isinstance(kafka, KafkaSettings):
        raise ValueError(
            f"kafka is a KafkaSettings, not a {type(kafka).__name__}: from pulsemon import KafkaSettings, and write "
            'kafka=KafkaSettings("host:9092") with the login that it needs; without it PULSEMON_KAFKA_… are read'
        )
    settings = load(KafkaSettings, ENVIRONMENT_PREFIX, os.environ) if kafka is None else kafka
    config = consumer_config(settings, group, group) | {"session.timeout.ms": round(session_seconds * 1000)}
    lookups = _Lookups(config, control_topic if rules else "", (control_topic, state_topic) if inhibit else None)
    return _alerts(config, topic, start, stop or threading.Event(), lookups)


def _alerts(
    config: Config, topic: str, start: Start, stop: threading.Event, lookups: "_Lookups"
) -> Generator[Alert, None, None]:
    if stop.is_set():
        return
    seen = Seen()
    skips = Skips()
    with closing(lookups):
        lookups.open()  # before the group is joined: a login that may not takes no server's alerts from others
        with closing(GroupPlace(config, topic, start)) as place:
            while not stop.is_set():
                message = place.next()
                if message is None:
                    continue
                alert = skips.alert(message)
                if alert is not None and not seen.has(alert.id, alert.transition):
                    yield lookups.complete(alert)
                    seen.add(alert.id, alert.transition)
                    place.finish(message)
                else:
                    place.pass_over(message)


class _Lookups:
    """What stands in other topics about an alert, as far as it is wanted."""

    def __init__(self, config: Config, rules_topic: str, followed: tuple[str, str] | None) -> None:
        self._config = config
        self._rules_topic = rules_topic
        self._followed = followed
        self._rulebook: Rulebook | None = None
        self._following: Following | None = None

    def open(self) -> None:
        """Connects. Raises AuthError."""
        if self._rules_topic:
            self._rulebook = Rulebook(self._config, self._rules_topic)
        if self._followed is not None:
            from pulsemon.alerts.following import Following

            self._following = Following(self._config, *self._followed)
            self._following.start()

    def complete(self, alert: Alert) -> Alert:
        """The alert with what was found. Raises AuthError."""
        if self._rulebook is not None:
            text = self._rulebook.text(alert.rule_version)
            alert = dataclasses.replace(alert, summary=text.summary, runbook=text.runbook, owner=text.owner)
        if self._following is not None:
            alert = dataclasses.replace(alert, inhibited_by=self._following.inhibitor(alert))
        return alert

    def close(self) -> None:
        """Ends the connections."""
        for one in (self._rulebook, self._following):
            if one is not None:
                one.close()


class Skips:
    """Tells alerts from records that are none; the first of those is told of, the others are counted."""

    def __init__(self) -> None:
        self.count = 0

    def alert(self, message: "Message") -> Alert | None:
        """The alert in a record, None if it holds none."""
        try:
            return decode(message.value() or b"")
        except ContractError as error:
            self.count += 1
            level = logging.WARNING if self.count == 1 else logging.DEBUG
            log.log(
                level,
                "The record at %s[%s] offset %s is no alert (%s). It was passed over, as others like it will be, "
                "without a word; look at who writes to this topic.",
                message.topic(),
                message.partition(),
                message.offset(),
                error,
            )
            return None


class GroupPlace:
    """A group consumer of one topic whose place moves when it is told to.

    A partition for which the group has no place begins at ``start``, and that is saved at once. A place that the log no
    longer has becomes the oldest record that it has.
    """

    def __init__(self, config: Config, topic: str, start: Start) -> None:
        from confluent_kafka import Consumer

        self._topic = topic
        self._start = start
        self._has_unsaved = False
        self._trouble = ""
        self._cause = ""
        self._errors: list[KafkaError] = []
        self._failure: BaseException | None = None
        # its errors come by the callback; its own lines in the log repeat them at each try
        own = {"error_cb": self._errors.append, "log_level": CRITICAL_ONLY}
        self._consumer: Consumer = Consumer({**config, **own}, logger=log)
        self._consumer.subscribe([topic], on_assign=self._on_assign)

    def next(self) -> "Message | None":
        """The next record, None if there is none within a moment."""
        try:
            message = self._consumer.poll(POLL_SECONDS)
        except SystemError as lost:  # the client loses a Ctrl-C that comes while it calls back, and says only this
            raise (self._failure or KeyboardInterrupt()) from lost
        if self._failure is not None:
            raise self._failure
        self._heed_errors()
        if message is None:
            self._save()
            return None
        if (error := message.error()) is not None:
            self._on_error(error)
            return None
        self._is_well()
        return message

    def finish(self, message: "Message") -> None:
        """Moves the place behind this record, and returns when Kafka has it, or has refused it."""
        self.pass_over(message)
        self._save()

    def pass_over(self, message: "Message") -> None:
        """Moves the place behind this record when something else is saved, or nothing else is to do."""
        from confluent_kafka import KafkaException

        try:
            self._consumer.store_offsets(message)
        except KafkaException as error:  # the partition went to another member, which reads the record again
            log.debug("the place behind %s[%s] is another's now: %s", message.topic(), message.partition(), error)
            return
        self._has_unsaved = True

    def close(self) -> None:
        """Leaves the group; what is not saved comes again."""
        self._consumer.close()

    def _save(self) -> None:
        from confluent_kafka import KafkaException

        if not self._has_unsaved:
            return
        try:
            self._consumer.commit(asynchronous=False)
        except KafkaException as error:
            cause: KafkaError = error.args[0]
            if cause.code() != NO_OFFSET:
                self._has_trouble(f"the place in the log was not saved ({cause.str()})")
                return
        self._has_unsaved = False

    def _on_assign(self, consumer: "Consumer", partitions: "Sequence[TopicPartition]") -> None:
        try:
            self._take_places(consumer, partitions)
        except BaseException as error:  # noqa: BLE001 - the client loses what leaves a callback, Ctrl-C too
            self._failure = error

    def _take_places(self, consumer: "Consumer", partitions: "Sequence[TopicPartition]") -> None:
        from confluent_kafka import KafkaException

        for tries_left in reversed(range(PLACE_TRIES)):
            try:
                places = [self._place(one) for one in consumer.committed(list(partitions), PLACE_SECONDS)]
                break
            except KafkaException as error:
                if not tries_left:
                    raise TransientError(
                        f"Kafka does not tell where the group is in {self._topic}: {error}. No alert was passed over; "
                        "start the program again when Kafka answers.",
                        PLACE_SECONDS,
                    ) from error
        consumer.incremental_assign([place for place, _ in places])
        if new := [place for place, is_new in places if is_new]:
            consumer.store_offsets(offsets=new)
            self._has_unsaved = True

    def _place(self, committed: "TopicPartition") -> "tuple[TopicPartition, bool]":
        """Where to read a partition from, and whether the group is new to it."""
        from confluent_kafka import TopicPartition

        if committed.offset >= 0:
            return committed, False
        at = TopicPartition(self._topic, committed.partition)
        first, end = self._consumer.get_watermark_offsets(at, PLACE_SECONDS)
        at.offset = end if self._start == "latest" else first
        return at, True

    def _heed_errors(self) -> None:
        """Those of the client itself: one broker of several that is away is none of our business."""
        errors, self._errors[:] = list(self._errors), []
        for error in errors:
            if error.code() == ALL_BROKERS_DOWN:  # a count; the error before it says why
                self._has_trouble(self._cause or error.str())
            elif error.code() == AUTHENTICATION or error.fatal():
                self._on_error(error)
            else:
                self._cause = error.str()
                log.debug("the client says: %s", error)

    def _on_error(self, error: "KafkaError") -> None:
        from confluent_kafka import KafkaError

        refused = {
            KafkaError.TOPIC_AUTHORIZATION_FAILED,
            KafkaError.GROUP_AUTHORIZATION_FAILED,
            KafkaError.SASL_AUTHENTICATION_FAILED,
            AUTHENTICATION,
        }
        if error.code() in refused:
            raise AuthError(
                f"Kafka does not let this login read {self._topic} in its group: {error.str()}. What was handled is "
                "saved; use a login that may read alerts, and a group whose name begins as it is allowed to."
            )
        if error.fatal():
            raise PermanentError(f"Reading {self._topic} cannot go on: {error.str()}. What was handled is saved.")
        self._has_trouble(error.str())

    def _has_trouble(self, what: str) -> None:
        if not self._trouble:
            log.warning(
                "Reading alerts is disturbed: %s. Nothing is lost, but alerts may be late or come twice; it goes on by "
                "itself when Kafka answers.",
                what,
            )
        self._trouble = what

    def _is_well(self) -> None:
        if self._trouble:
            log.info("Reading alerts goes on, after: %s", self._trouble)
        self._trouble = ""
