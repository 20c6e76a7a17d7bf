"""Journals: cases by number."""

import django.db.models.deletion
import django.utils.timezone
import uuid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0006_ties_in_lists'),
        ('intake_desk', '0007_appointment_rules'),
        ('intake_forms', '0027_numbered_journals'),
    ]

    operations = [
        migrations.CreateModel(
            name='JournalCounter',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('year', models.PositiveSmallIntegerField()),
                ('last', models.PositiveIntegerField(default=0)),
                ('centre', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.provider')),
                ('register', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='intake_forms.register')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('register', 'centre', 'year'), name='journalcounter_one')],
            },
        ),
        migrations.CreateModel(
            name='JournalEntry',
            fields=[
                ('id', models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ('year', models.PositiveSmallIntegerField(verbose_name='year')),
                ('number', models.PositiveIntegerField(default=0, verbose_name='number')),
                ('day', models.DateField(verbose_name='day')),
                ('from_paper', models.BooleanField(default=False, verbose_name='from paper')),
                ('written_at', models.DateTimeField(default=django.utils.timezone.now, editable=False, verbose_name='written')),
                ('body', models.BinaryField(blank=True, null=True, verbose_name='line, sealed')),
                ('frozen_at', models.DateTimeField(blank=True, null=True, verbose_name='frozen')),
                ('case', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='intake_forms.intakecase', verbose_name='case')),
                ('centre', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.provider', verbose_name='centre')),
                ('help', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='intake_desk.urgenthelp')),
                ('register', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='intake_forms.register', verbose_name='register')),
            ],
            options={
                'verbose_name': 'line of a journal',
                'verbose_name_plural': 'lines of journals',
                'ordering': ['register', 'centre', 'year', 'number'],
                'indexes': [models.Index(condition=models.Q(('frozen_at__isnull', True)), fields=['case'], name='journalentry_open')],
                'constraints': [models.UniqueConstraint(fields=('register', 'centre', 'year', 'number'), name='journalentry_number'), models.UniqueConstraint(condition=models.Q(('help__isnull', True)), fields=('register', 'centre', 'case'), name='journalentry_case_once'), models.UniqueConstraint(condition=models.Q(('help__isnull', False)), fields=('register', 'help'), name='journalentry_help_once'), models.CheckConstraint(condition=models.Q(models.Q(('body__isnull', True), ('frozen_at__isnull', True)), models.Q(('body__isnull', False), ('frozen_at__isnull', False)), _connector='OR'), name='journalentry_frozen')],
            },
        ),
    ]
