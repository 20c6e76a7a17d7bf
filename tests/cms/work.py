"""Work of the tasks of cms and of the catalogue."""

from __future__ import annotations

import datetime
import os

from django.db import connection
from django.utils import timezone
from wagtail.models import ReferenceIndex

from catalogue.exchange import importing
from catalogue.models import Measure
from catalogue.models.exchange import BatchState
from catalogue.tasks import index_usage as index
from cms.access import Role
from tests.factories import MeasureFactory, ProviderFactory
from tests.work import DAY, Site, Work, ask_families, letters_left, same, work_of


@work_of("cms.retry_stalled")
def retry_stalled(site: Site) -> Work:
    """Jobs of a worker that died: letters."""
    notices = ask_families(site, 3)
    with connection.cursor() as cursor:
        cursor.execute("update procrastinate_jobs set status = 'doing'")
        assert cursor.rowcount == len(notices)

    def done() -> str:
        same(set(site.smtp.letters().values()), {1})
        return f"jobs of a dead worker: {letters_left(site, notices)}"

    return Work(done)


@work_of("cms.publish_scheduled")
def publish_scheduled(site: Site) -> Work:
    late = timezone.now() + datetime.timedelta(days=1)
    comes = [MeasureFactory(live=False, go_live_at=late) for _ in range(2)]
    goes = [MeasureFactory(expire_at=late) for _ in range(2)]
    for measure in (*comes, *goes):
        measure.save_revision().publish()

    def done() -> str:
        for measure in (*comes, *goes):
            measure.refresh_from_db()
        same([measure.live for measure in (*comes, *goes)], [True, True, False, False])
        same({measure.expired for measure in goes}, {True})
        for measure in comes:
            same(measure.revisions.count(), 1)
        return "2 measures gone live, 2 taken down"

    return Work(done, hours=2 * DAY)


@work_of("catalogue.load_batch")
def load_batch(site: Site) -> Work:
    rows = [f"shag-{number},Мера {number},payment,Слова." for number in range(30)]
    batch = importing.check(
        content="\n".join(["slug,title,kind,summary", *rows]).encode(),
        file_name="m.csv",
        file_format="csv",
        kind="measures",
        user=site.person(Role.CHIEF_EDITOR),
    )
    importing.start(batch)

    def done() -> str:
        batch.refresh_from_db()
        same((batch.state, batch.created, batch.refused), (BatchState.DONE, len(rows), 0))
        made = Measure.objects.filter(slug__startswith="shag-")
        same(made.count(), len(rows))
        same({measure.revisions.count() for measure in made}, {1})
        return f"{len(rows)} rows loaded"

    return Work(done, args=None)


@work_of("catalogue.forget_files")
def forget_files(site: Site) -> Work:
    folder = site.home / "exchange"
    folder.mkdir(exist_ok=True)
    for name in ("a", "b", "c"):
        (folder / f"{name}.csv").write_text("x")
    (folder / "new.csv").write_text("x")
    ahead = datetime.datetime.now().timestamp() + 30 * 24 * 3600
    os.utime(folder / "new.csv", (ahead, ahead))

    def done() -> str:
        same([path.name for path in folder.iterdir()], ["new.csv"])
        return "3 files forgotten, 1 kept"

    return Work(done, hours=3 * DAY)


@work_of("catalogue.index_usage")
def index_usage(site: Site) -> Work:
    for _ in range(3):
        MeasureFactory(owner=ProviderFactory())
    index.func()
    wanted = _references()
    assert wanted
    ReferenceIndex.objects.all().delete()

    def done() -> str:
        same(_references(), wanted)
        return f"{len(wanted)} references"

    return Work(done, args={})


def _references() -> list[tuple[object, ...]]:
    rows = ReferenceIndex.objects.values_list("object_id", "to_object_id", "model_path")
    return sorted(rows)
