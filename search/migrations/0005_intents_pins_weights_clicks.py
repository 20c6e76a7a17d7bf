"""Intents, pinned answers, weights, clicks; triggers that make an edit of them live at once."""

import cms.fields
import django.contrib.postgres.fields
import django.core.validators
import django.db.models.deletion
import modelcluster.fields
from django.db import migrations, models


# What queries are read with.
LEXICON = [
    "search_intent",
    "search_intent_measures",
    "search_intent_situations",
    "search_intent_categories",
    "search_intent_providers",
    "search_pinnedanswer",
    "search_pinnedmeasure",
    "search_fieldweights",
]
TRIGGERS = "".join(
    f"create trigger search_lexicon after insert or update or delete or truncate on {table}"
    " for each statement execute function search_lexicon_changed();\n"
    for table in LEXICON
)
NO_TRIGGERS = "".join(f"drop trigger search_lexicon on {table};\n" for table in LEXICON)

# What leads to a measure names it by its slug.
RENAMES = """
create function search_slug_changed() returns trigger language plpgsql as $$
begin
    insert into search_searchchange (kind, object_id)
        select 'lexicon', 0
        where exists (select from after_rows a
                      join before_rows b on b.id = a.id and a.slug is distinct from b.slug);
    return null;
end $$;
create trigger search_slug_update after update on catalogue_measure
    referencing old table as before_rows new table as after_rows
    for each statement execute function search_slug_changed();
"""
NO_RENAMES = """
drop trigger search_slug_update on catalogue_measure;
drop function search_slug_changed();
"""
# Queries counted before are grouped as they were written.
GROUP = "update search_searchevent set lemmas = query"


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0005_levels_may_be_empty'),
        ('search', '0004_provider_changes'),
    ]

    operations = [
        migrations.AddField(
            model_name='searchevent',
            name='lemmas',
            field=models.CharField(default='', editable=False, max_length=200),
            preserve_default=False,
        ),
        migrations.CreateModel(
            name='FieldWeights',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.FloatField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(20.0)], verbose_name='title of a measure')),
                ('names', models.FloatField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(20.0)], verbose_name='other names of it')),
                ('summary', models.FloatField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(20.0)], verbose_name='its summary')),
                ('who', models.FloatField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(20.0)], verbose_name='for whom it is')),
                ('taxonomy', models.FloatField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(20.0)], verbose_name='its situations and categories')),
                ('body', models.FloatField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(20.0)], verbose_name='its text')),
                ('law', models.FloatField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(20.0)], verbose_name='its laws')),
                ('provider_names', models.FloatField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(20.0)], verbose_name='its providers')),
                ('territory_names', models.FloatField(blank=True, null=True, validators=[django.core.validators.MinValueValidator(0.0), django.core.validators.MaxValueValidator(20.0)], verbose_name='its territories')),
            ],
            options={
                'verbose_name': 'weights of search',
                'verbose_name_plural': 'weights of search',
                'constraints': [models.CheckConstraint(condition=models.Q(('pk', 1)), name='fieldweights_one_row')],
            },
        ),
        migrations.CreateModel(
            name='Intent',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=120, unique=True, verbose_name='what is meant')),
                ('sort_key', cms.fields.RussianSortKeyField(source='title')),
                ('words', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=600), help_text='A set of words a line, alternatives with commas between them. A query is meant when each line has an alternative in it, in any order and in any form.', size=None, verbose_name='words that mean it')),
                ('examples', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=200), blank=True, default=list, help_text='How families ask it, a query a line. They are checked when you save.', size=None, verbose_name='examples of queries')),
                ('active', models.BooleanField(default=True, verbose_name='in use')),
                ('categories', models.ManyToManyField(blank=True, related_name='+', to='catalogue.category', verbose_name='leads to categories of families')),
                ('measures', models.ManyToManyField(blank=True, related_name='+', to='catalogue.measure', verbose_name='leads to measures')),
                ('providers', models.ManyToManyField(blank=True, related_name='+', to='catalogue.provider', verbose_name='leads to providers')),
                ('situations', models.ManyToManyField(blank=True, related_name='+', to='catalogue.situation', verbose_name='leads to life situations')),
            ],
            options={
                'verbose_name': 'intent',
                'verbose_name_plural': 'intents',
                'ordering': ['sort_key'],
            },
        ),
        migrations.CreateModel(
            name='PinnedAnswer',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('phrases', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=120), help_text='A query a line. It fits in any form and order of its words, with or without words like “how to get”, but not with other words beside it.', size=None, verbose_name='pinned for the queries')),
                ('from_day', models.DateField(blank=True, help_text='Empty: from now on.', null=True, verbose_name='first day')),
                ('to_day', models.DateField(blank=True, help_text='The last day. Empty: until you take it off.', null=True, verbose_name='last day')),
                ('active', models.BooleanField(default=True, verbose_name='in use')),
            ],
            options={
                'verbose_name': 'pinned answer',
                'verbose_name_plural': 'pinned answers',
                'ordering': ['phrases', 'pk'],
                'constraints': [models.CheckConstraint(condition=models.Q(('from_day__isnull', True), ('to_day__isnull', True), ('from_day__lte', models.F('to_day')), _connector='OR'), name='pinnedanswer_days_in_order', violation_error_message='The last day is before the first.')],
            },
        ),
        migrations.CreateModel(
            name='SearchClick',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(verbose_name='day')),
                ('query', models.CharField(max_length=200, verbose_name='query')),
                ('slug', models.SlugField(max_length=80, verbose_name='measure')),
                ('times', models.PositiveIntegerField(default=1, verbose_name='times')),
            ],
            options={
                'verbose_name': 'opened answer',
                'verbose_name_plural': 'opened answers',
                'ordering': ['-day', '-times', 'query'],
                'constraints': [models.UniqueConstraint(fields=('day', 'query', 'slug'), name='searchclick_day_query_slug')],
            },
        ),
        migrations.CreateModel(
            name='PinnedMeasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sort_order', models.IntegerField(blank=True, editable=False, null=True)),
                ('answer', modelcluster.fields.ParentalKey(on_delete=django.db.models.deletion.CASCADE, related_name='places', to='search.pinnedanswer')),
                ('measure', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.measure', verbose_name='measure')),
            ],
            options={
                'verbose_name': 'measure in its place',
                'verbose_name_plural': 'measures in their places',
                'ordering': ['sort_order'],
                'abstract': False,
                'constraints': [models.UniqueConstraint(fields=('answer', 'measure'), name='pinnedmeasure_once')],
            },
        ),
        migrations.RunSQL(GROUP, migrations.RunSQL.noop),
        migrations.RunSQL(TRIGGERS, NO_TRIGGERS),
        migrations.RunSQL(RENAMES, NO_RENAMES),
    ]
