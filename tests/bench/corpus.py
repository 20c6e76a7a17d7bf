"""Makes a catalogue of a whole country out of the data set: seeded, so that every run is alike.

Each measure is one of the data set in other words: of another region, for other families, by
another organisation. Papers, steps, sums and laws are those of the original. Rows are written past
the triggers, as a restored dump is; the index is built afterwards.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from django.db import connection

from catalogue.models import Category, Measure, Provider, Situation, Territory
from cms.fields import russian_sort_key

REGIONS, DISTRICTS, PROVIDERS = 80, 12, 1500
_STEMS = (
    "север верхне нижне ново старо бело красно черно камен озер лес дуб берез сосн кедр ключ "
    "город бор луг реч гор рождествен николь петров покров троиц благо усть заозер приреч"
)
_ENDS = "град горск реченск озерск борск камск дольск уральск донск морск волжск полянск"
_HEADS = (
    "Региональная надбавка: {}|Дополнительно в районе: {}|{} – муниципальная часть|{} за счёт района|"
    "{} для жителей села|{} для молодых семей|{} для многодетных|{} при рождении двойни|"
    "{} семьям участников СВО|{} студенческим семьям|{} одиноким родителям|{} (областной закон)|"
    "Компенсация: {}|Помощь в получении: {}|{} по заявлению|{} без заявления|{} до трёх лет|"
    "{} до восемнадцати лет|{} малоимущим|{} бабушкам и дедушкам|{} приёмным семьям"
)
_ADDED = (
    "Решение принимает районный отдел социальной защиты.|Назначают на год, потом продлевают.|"
    "Доход семьи не должен быть выше двух прожиточных минимумов.|Подать можно через МФЦ или портал.|"
    "Деньги приходят на карту «Мир» до десятого числа.|Справку о составе семьи запросят сами.|"
    "Нужна регистрация в области не меньше года.|Первыми получают семьи с тремя детьми.|"
    "Помощь дают и опекунам, и приёмным родителям.|Если ребёнок учится очно, срок продлевают."
)
_SORTS = "центр социального обслуживания|центр помощи семье|отдел опеки|центр занятости|поликлиника"


def grow(measures: int, seed: int = 47) -> None:
    """Add to the database until it has that many measures."""
    dice = random.Random(seed + measures)
    districts = _districts(dice)
    providers = _providers(dice, districts)
    first = Measure.objects.order_by("-pk").values_list("pk", flat=True)[0] + 1
    rows = list(_made(dice, first, measures - Measure.objects.count(), districts, providers))
    with connection.cursor() as cursor:
        cursor.execute("set session_replication_role = replica")
        cursor.execute(
            "create temp table made (id bigint, base bigint, slug text, title text, sort_key text,"
            " summary text, who text, territory bigint, situations bigint[], categories bigint[],"
            " providers bigint[])"
        )
        with cursor.copy("copy made from stdin") as copy:
            for row in rows:
                copy.write_row(row)
        _copy_measures(cursor)
        for table in ("amount", "requireddocument", "applicationstep", "legalbasis"):
            _copy_parts(cursor, f"catalogue_{table}")
        for name in ("situation", "category", "provider"):
            many = {"category": "categories"}.get(name, f"{name}s")
            cursor.execute(
                f"insert into catalogue_measure_{many} (measure_id, {name}_id)"
                f" select id, unnest({many}) from made"
            )
        cursor.execute(
            "insert into catalogue_measure_territories (measure_id, territory_id)"
            " select id, territory from made"
        )
        cursor.execute("drop table made")
        cursor.execute("set session_replication_role = origin")
        cursor.execute(
            "select setval(pg_get_serial_sequence('catalogue_measure', 'id'), max(id))"
            " from catalogue_measure"
        )
        cursor.execute("analyze")


def _made(
    dice: random.Random,
    first: int,
    count: int,
    districts: list[tuple[int, str]],
    providers: dict[int, list[int]],
) -> Iterator[tuple]:
    """Rows of measures: mostly of a district, some of the country as their originals are."""
    bases = list(
        Measure.objects.filter(source__startswith="http").values(
            "pk", "slug", "title", "summary", "who"
        )[:150]
    )
    situations = list(Situation.objects.values_list("pk", flat=True))
    categories = list(Category.objects.values_list("pk", flat=True))
    everywhere = Territory.objects.get(parent=None).pk
    heads, added = _HEADS.split("|"), _ADDED.split("|")
    for n in range(max(count, 0)):
        base = dice.choice(bases)
        district, place = dice.choice(districts)
        title = dice.choice(heads).format(base["title"])
        title = f"{title}, {place}" if dice.random() < 0.3 else title
        own = providers.get(district) or [dice.choice(next(iter(providers.values())))]
        yield (
            first + n,
            base["pk"],
            f"m{first + n}",
            title[:200],
            russian_sort_key(title[:200]),
            " ".join([base["summary"][:250], dice.choice(added)]),
            " ".join([base["who"], dice.choice(added)])[:600],
            everywhere if dice.random() < 0.05 else district,
            dice.sample(situations, dice.randint(1, 3)),
            dice.sample(categories, dice.randint(1, 3)),
            dice.sample(own, min(len(own), dice.randint(1, 2))),
        )


def _copy_measures(cursor) -> None:
    new = ("id", "slug", "title", "sort_key", "summary", "who")
    old = [
        field.column
        for field in Measure._meta.local_concrete_fields
        if field.column not in new and field.column != "latest_revision_id"
    ]
    cursor.execute(
        f"insert into catalogue_measure ({', '.join([*new, *old])})"
        f" select {', '.join(f'made.{name}' for name in new)},"
        f" {', '.join(f'b.{name}' for name in old)}"
        " from made join catalogue_measure b on b.id = made.base"
    )


def _copy_parts(cursor, table: str) -> None:
    columns = [
        column.name
        for column in connection.introspection.get_table_description(cursor, table)
        if column.name not in ("id", "measure_id")
    ]
    cursor.execute(
        f"insert into {table} (measure_id, {', '.join(columns)})"
        f" select made.id, {', '.join(f'p.{name}' for name in columns)}"
        f" from made join {table} p on p.measure_id = made.base"
    )


def _districts(dice: random.Random) -> list[tuple[int, str]]:
    """Districts of regions that do not exist, with their names."""
    if not Territory.objects.filter(slug__startswith="bench-").exists():
        country = Territory.objects.get(parent=None)
        names = [stem + end for stem in _STEMS.split() for end in _ENDS.split()]
        dice.shuffle(names)
        for n in range(REGIONS):
            region = Territory.objects.create(
                slug=f"bench-{n}",
                title=f"{names[n].capitalize()}ая область",
                kind="region",
                parent=country,
            )
            Territory.objects.bulk_create(
                Territory(
                    slug=f"bench-{n}-{d}",
                    title=f"{names[(n * DISTRICTS + d) % len(names)].capitalize()}ий район",
                    kind="municipal_district",
                    parent=region,
                    sort_key="",
                )
                for d in range(DISTRICTS)
            )
    return list(
        Territory.objects.filter(parent__isnull=False)
        .exclude(kind="region")
        .order_by("pk")
        .values_list("pk", "title")
    )


def _providers(dice: random.Random, districts: list[tuple[int, str]]) -> dict[int, list[int]]:
    """Organisations of each district."""
    if not Provider.objects.filter(slug__startswith="bench-").exists():
        made = []
        for n in range(PROVIDERS):
            _, place = districts[n % len(districts)]
            sort = dice.choice(_SORTS.split("|")).capitalize()
            name = f"{sort} № {n + 1}, {place}"
            made.append(
                Provider(
                    slug=f"bench-{n}",
                    full_name=f"Государственное бюджетное учреждение «{name}»",
                    short_name=name,
                    sort_key=russian_sort_key(name),
                    kind="social_service",
                )
            )
        through = Provider.territories.through
        through.objects.bulk_create(
            through(provider=provider, territory_id=districts[n % len(districts)][0])
            for n, provider in enumerate(Provider.objects.bulk_create(made))
        )
    found: dict[int, list[int]] = {}
    links = Provider.territories.through.objects.order_by("pk")
    for provider, territory in links.values_list("provider_id", "territory_id"):
        found.setdefault(territory, []).append(provider)
    return found
