"""Departments, curators, duty and hours of centres; sorting, partners, terms and secrets of cases."""

import cms.fields
import django.core.validators
import django.db.models.deletion
import django.utils.timezone
import forms.hours
from django.conf import settings
from django.db import migrations, models


# Cases that were there before.
FIRST_VALUES = """
update intake_forms_intakecase set
    contact_at = created_at,
    clock_at = created_at,
    first_due_at = least(due_at, created_at + interval '1 day'),
    urgent_since = case when urgent then created_at end,
    wait_until = case when state = 'waiting_family' then waiting_since + interval '14 days' end;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('catalogue', '0006_ties_in_lists'),
        ('intake_forms', '0020_past_term'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Alarm',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('unrouted', 'nobody takes it out of “Unrouted”'), ('urgent', 'an urgent case that nobody has taken'), ('first', 'the first answer is late'), ('soon', 'the term ends soon'), ('late', 'the term is over')], max_length=10, verbose_name='what is late')),
                ('due_at', models.DateTimeField(verbose_name='term')),
                ('raised_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='raised')),
                ('told_at', models.DateTimeField(blank=True, null=True, verbose_name='last told by mail')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='over')),
            ],
            options={
                'verbose_name': 'alarm',
                'verbose_name_plural': 'alarms',
                'ordering': ['raised_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='CaseGrant',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('reason', models.CharField(choices=[('named', 'named for this case'), ('danger', 'danger to life or health'), ('absent', 'who holds the case is not there'), ('complaint', 'a complaint or a check'), ('court', 'a request of a court or an inquiry')], max_length=10, verbose_name='why')),
                ('given_at', models.DateTimeField(default=django.utils.timezone.now, verbose_name='given')),
                ('until', models.DateTimeField(blank=True, null=True, verbose_name='until')),
            ],
            options={
                'verbose_name': 'right to see a case',
                'verbose_name_plural': 'rights to see cases',
                'ordering': ['-given_at'],
            },
        ),
        migrations.CreateModel(
            name='CentreClock',
            fields=[
                ('centre', models.OneToOneField(limit_choices_to={'is_centre': True}, on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='clock', serialize=False, to='catalogue.provider', verbose_name='centre')),
                ('time_zone', models.CharField(default='Europe/Moscow', help_text='For example Europe/Moscow, Asia/Irkutsk.', max_length=40, verbose_name='time zone')),
                ('week', models.JSONField(blank=True, default=dict, help_text='Keys mo…su, values like "09:00-13:00,14:00-18:00". Empty: Monday to Friday.', validators=[forms.hours.check_week], verbose_name='hours by day')),
            ],
            options={
                'verbose_name': 'hours of a centre',
                'verbose_name_plural': 'hours of centres',
            },
        ),
        migrations.CreateModel(
            name='CuratorArea',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
            ],
            options={
                'verbose_name': 'area of a curator',
                'verbose_name_plural': 'areas of curators',
                'ordering': ['centre', 'territory'],
            },
        ),
        migrations.CreateModel(
            name='Department',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('title', models.CharField(max_length=200, verbose_name='name')),
                ('sort_key', cms.fields.RussianSortKeyField(source='title')),
                ('retired', models.BooleanField(default=False, verbose_name='retired')),
            ],
            options={
                'verbose_name': 'department',
                'verbose_name_plural': 'departments',
                'ordering': ['sort_key', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='DutyShift',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('starts_at', models.DateTimeField(verbose_name='from')),
                ('ends_at', models.DateTimeField(verbose_name='until')),
            ],
            options={
                'verbose_name': 'duty shift',
                'verbose_name_plural': 'duty shifts',
                'ordering': ['starts_at', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='SpecialDay',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('day', models.DateField(verbose_name='day')),
                ('hours', models.CharField(blank=True, help_text='For example 09:00-15:00. Empty: closed.', max_length=60, validators=[forms.hours.check_day], verbose_name='hours')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='why')),
            ],
            options={
                'verbose_name': 'special day',
                'verbose_name_plural': 'special days',
                'ordering': ['-day', 'pk'],
            },
        ),
        migrations.RemoveField(
            model_name='unroutedalarm',
            name='case',
        ),
        migrations.AlterModelOptions(
            name='intakecase',
            options={'ordering': ['due_at', 'pk'], 'permissions': [('view_unrouted', 'Can see cases that no centre has'), ('view_whole_centre', 'Can see cases of every department, and old closed ones'), ('break_glass', 'Can open a case that is closed to others, with a reason'), ('take_intakecase', 'Can take cases and work on them'), ('route_intakecase', 'Can move cases to another queue'), ('hold_intakecase', 'Can keep cases from being erased'), ('export_person', 'Can give out all data of a person'), ('reissue_receipt', 'Can give out a new secret code')], 'verbose_name': 'case', 'verbose_name_plural': 'cases'},
        ),
        migrations.RemoveConstraint(
            model_name='intakecase',
            name='case_held_by_somebody',
        ),
        migrations.RemoveConstraint(
            model_name='intakecase',
            name='case_waiting_since',
        ),
        migrations.AddField(
            model_name='accesslog',
            name='reason',
            field=models.CharField(blank=True, choices=[('call', 'to reach the family'), ('check', 'to check who it is'), ('papers', 'to fill in papers'), ('referral', 'to hand it to a partner'), ('complaint', 'a complaint or a check')], max_length=12, verbose_name='why'),
        ),
        migrations.AddField(
            model_name='intakecase',
            name='contact_at',
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='the family turned to us'),
        ),
        migrations.AddField(
            model_name='intakecase',
            name='curator',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='curated_cases', to=settings.AUTH_USER_MODEL, verbose_name='curator of the family'),
        ),
        migrations.AddField(
            model_name='intakecase',
            name='duplicate_of',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='duplicates', to='intake_forms.intakecase', verbose_name='joined to the case'),
        ),
        migrations.AddField(
            model_name='intakecase',
            name='clock_at',
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='the term counts from'),
        ),
        migrations.AddField(
            model_name='intakecase',
            name='waited_days',
            field=models.PositiveSmallIntegerField(default=0, verbose_name='working days waited'),
        ),
        migrations.AddField(
            model_name='intakecase',
            name='first_due_at',
            field=models.DateTimeField(default=django.utils.timezone.now, verbose_name='first answer until'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='intakecase',
            name='secret',
            field=models.BooleanField(default=False, verbose_name='only named people see it'),
        ),
        migrations.AddField(
            model_name='intakecase',
            name='urgent_since',
            field=models.DateTimeField(blank=True, null=True, verbose_name='urgent since'),
        ),
        migrations.AddField(
            model_name='intakecase',
            name='wait_until',
            field=models.DateTimeField(blank=True, null=True, verbose_name='the family is waited for until'),
        ),
        migrations.AddField(
            model_name='queue',
            name='confidants',
            field=models.ManyToManyField(blank=True, help_text='Who sees the secret cases of this queue. Nobody named: the head.', related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='people for secret cases'),
        ),
        migrations.AddField(
            model_name='routingrule',
            name='channel',
            field=models.CharField(blank=True, choices=[('web', 'portal'), ('visit', 'visit'), ('phone', 'phone call'), ('email', 'e-mail'), ('post', 'letter'), ('brigade', 'visiting team'), ('partner', 'partner'), ('api', 'another system')], default='', max_length=10, verbose_name='came through'),
        ),
        migrations.AddField(
            model_name='routingrule',
            name='condition',
            field=models.JSONField(blank=True, default=dict, verbose_name='answers'),
        ),
        migrations.AddField(
            model_name='routingrule',
            name='condition_in_words',
            field=models.CharField(blank=True, editable=False, max_length=600),
        ),
        migrations.AddField(
            model_name='routingrule',
            name='measure',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.measure', verbose_name='about the measure'),
        ),
        migrations.AddField(
            model_name='topic',
            name='first_answer_days',
            field=models.PositiveSmallIntegerField(default=1, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(60)], verbose_name='first answer within, working days'),
        ),
        migrations.AddField(
            model_name='topic',
            name='secret',
            field=models.BooleanField(default=False, help_text='Violence in the family, the health of a child: see the queue for who it is.', verbose_name='only named people see the cases'),
        ),
        migrations.AddField(
            model_name='topic',
            name='urgent_minutes',
            field=models.PositiveSmallIntegerField(default=30, help_text='Round the clock. After that the duty person and the head are told.', validators=[django.core.validators.MinValueValidator(5), django.core.validators.MaxValueValidator(1440)], verbose_name='an urgent case is taken within, minutes'),
        ),
        migrations.AddField(
            model_name='topic',
            name='wait_days',
            field=models.PositiveSmallIntegerField(default=10, help_text='When it does not answer, the case comes back to who asked.', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(60)], verbose_name='the family is waited for, working days'),
        ),
        migrations.AlterField(
            model_name='accesslog',
            name='what',
            field=models.CharField(default='answers', max_length=60, verbose_name='what was shown'),
        ),
        migrations.AlterField(
            model_name='caseevent',
            name='from_state',
            field=models.CharField(blank=True, choices=[('new', 'new'), ('triage', 'being sorted'), ('in_work', 'in work'), ('waiting_family', 'waiting for the family'), ('referred', 'at a partner'), ('decided', 'decided'), ('closed', 'closed')], max_length=16),
        ),
        migrations.AlterField(
            model_name='caseevent',
            name='kind',
            field=models.CharField(choices=[('accepted', 'received'), ('taken', 'taken to work'), ('released', 'given back to the queue'), ('sorting', 'taken to be sorted'), ('sorted', 'sorted'), ('assigned', 'handed to a colleague'), ('routed', 'moved to another queue'), ('asked', 'the family was asked'), ('answered', 'a message to the family'), ('family_wrote', 'the family wrote'), ('resumed', 'work goes on'), ('family_silent', 'the family has not answered in time'), ('decided', 'decided'), ('closed', 'closed'), ('set_aside', 'set aside'), ('reopened', 'opened again'), ('merged', 'joined to another case of the family'), ('joined', 'another case of the family was joined'), ('referred', 'handed to a partner'), ('referral_accepted', 'the partner has accepted'), ('referral_declined', 'the partner has declined'), ('referral_answered', 'the partner has answered'), ('referral_silent', 'the partner has not answered in time'), ('referral_recalled', 'taken back from the partner'), ('booked', 'an appointment was made'), ('booking_cancelled', 'an appointment was cancelled'), ('visited', 'the family came'), ('missed', 'the family did not come'), ('diagnosed', 'primary diagnosis'), ('urgent_help', 'urgent help was given'), ('amended', 'an answer was corrected'), ('granted', 'opened to a person'), ('rated', 'the family has rated the help'), ('noted', 'note added'), ('registered', 'register filled in'), ('paper_added', 'the family added papers'), ('taken_back', 'the family took the request back'), ('reissued', 'a new secret code was given out'), ('erased', 'personal data erased'), ('held', 'kept by a legal hold'), ('freed', 'legal hold lifted'), ('withdrawn', 'consent withdrawn'), ('exported', 'given out to the person'), ('recontacted', 'the family changed how to reach it'), ('infected', 'a file with a virus was destroyed')], max_length=20, verbose_name='what happened'),
        ),
        migrations.AlterField(
            model_name='caseevent',
            name='to_state',
            field=models.CharField(blank=True, choices=[('new', 'new'), ('triage', 'being sorted'), ('in_work', 'in work'), ('waiting_family', 'waiting for the family'), ('referred', 'at a partner'), ('decided', 'decided'), ('closed', 'closed')], max_length=16),
        ),
        migrations.AlterField(
            model_name='intakecase',
            name='state',
            field=models.CharField(choices=[('new', 'new'), ('triage', 'being sorted'), ('in_work', 'in work'), ('waiting_family', 'waiting for the family'), ('referred', 'at a partner'), ('decided', 'decided'), ('closed', 'closed')], default='new', max_length=16, verbose_name='state'),
        ),
        migrations.AddConstraint(
            model_name='routingrule',
            constraint=models.CheckConstraint(condition=models.Q(('condition', {}), ('form__isnull', False), _connector='OR'), name='routingrule_answers_of_a_form', violation_error_message='Answers are those to a form: choose the form first.'),
        ),
        migrations.AddField(
            model_name='alarm',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='alarms', to='intake_forms.intakecase', verbose_name='case'),
        ),
        migrations.AddField(
            model_name='casegrant',
            name='case',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='grants', to='intake_forms.intakecase', verbose_name='case'),
        ),
        migrations.AddField(
            model_name='casegrant',
            name='given_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='given by'),
        ),
        migrations.AddField(
            model_name='casegrant',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='who'),
        ),
        migrations.AddField(
            model_name='curatorarea',
            name='centre',
            field=models.ForeignKey(limit_choices_to={'is_centre': True}, on_delete=django.db.models.deletion.CASCADE, related_name='curator_areas', to='catalogue.provider', verbose_name='centre'),
        ),
        migrations.AddField(
            model_name='curatorarea',
            name='curator',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='curator_areas', to=settings.AUTH_USER_MODEL, verbose_name='curator'),
        ),
        migrations.AddField(
            model_name='curatorarea',
            name='territory',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='catalogue.territory', verbose_name='territory'),
        ),
        migrations.AddField(
            model_name='department',
            name='centre',
            field=models.ForeignKey(limit_choices_to={'is_centre': True}, on_delete=django.db.models.deletion.PROTECT, related_name='departments', to='catalogue.provider', verbose_name='centre'),
        ),
        migrations.AddField(
            model_name='department',
            name='people',
            field=models.ManyToManyField(blank=True, help_text='Specialists see the cases of their own departments only.', related_name='departments', to=settings.AUTH_USER_MODEL, verbose_name='people'),
        ),
        migrations.AddField(
            model_name='intakecase',
            name='department',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='cases', to='intake_forms.department', verbose_name='department'),
        ),
        migrations.AddField(
            model_name='queue',
            name='department',
            field=models.ForeignKey(blank=True, help_text='Empty: for the whole centre.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='queues', to='intake_forms.department', verbose_name='department'),
        ),
        migrations.RunSQL(FIRST_VALUES, migrations.RunSQL.noop),
        migrations.AddConstraint(
            model_name='intakecase',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('assignee__isnull', True), ('state', 'new'), ('taken_at__isnull', True)), models.Q(('assignee__isnull', False), ('state__in', ('triage', 'in_work', 'waiting_family', 'referred', 'decided')), ('taken_at__isnull', False)), ('state', 'closed'), _connector='OR'), name='case_held_by_somebody'),
        ),
        migrations.AddConstraint(
            model_name='intakecase',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'waiting_family'), ('wait_until__isnull', False), ('waiting_since__isnull', False)), models.Q(models.Q(('state', 'waiting_family'), _negated=True), ('wait_until__isnull', True), ('waiting_since__isnull', True)), _connector='OR'), name='case_waiting_since'),
        ),
        migrations.AddConstraint(
            model_name='intakecase',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('urgent', True), ('urgent_since__isnull', False)), models.Q(('urgent', False), ('urgent_since__isnull', True)), _connector='OR'), name='case_urgent_since'),
        ),
        migrations.AddConstraint(
            model_name='intakecase',
            constraint=models.CheckConstraint(condition=models.Q(('duplicate_of__isnull', True), models.Q(('outcome', 'duplicate'), models.Q(('duplicate_of', models.F('pk')), _negated=True)), _connector='OR'), name='case_duplicate_of'),
        ),
        migrations.AddConstraint(
            model_name='queue',
            constraint=models.CheckConstraint(condition=models.Q(('department__isnull', True), ('centre__isnull', False), _connector='OR'), name='queue_department_needs_centre'),
        ),
        migrations.AddField(
            model_name='dutyshift',
            name='centre',
            field=models.ForeignKey(limit_choices_to={'is_centre': True}, on_delete=django.db.models.deletion.CASCADE, related_name='duty_shifts', to='catalogue.provider', verbose_name='centre'),
        ),
        migrations.AddField(
            model_name='dutyshift',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='duty_shifts', to=settings.AUTH_USER_MODEL, verbose_name='on duty'),
        ),
        migrations.AddField(
            model_name='specialday',
            name='centre',
            field=models.ForeignKey(blank=True, help_text='Empty: every centre.', limit_choices_to={'is_centre': True}, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='special_days', to='catalogue.provider', verbose_name='centre'),
        ),
        migrations.DeleteModel(
            name='UnroutedAlarm',
        ),
        migrations.AddIndex(
            model_name='alarm',
            index=models.Index(condition=models.Q(('ended_at__isnull', True)), fields=['kind', 'case'], name='alarm_open'),
        ),
        migrations.AddConstraint(
            model_name='alarm',
            constraint=models.UniqueConstraint(fields=('case', 'kind', 'due_at'), name='alarm_once'),
        ),
        migrations.AddIndex(
            model_name='casegrant',
            index=models.Index(fields=['person', 'case'], name='casegrant_of_person'),
        ),
        migrations.AddConstraint(
            model_name='curatorarea',
            constraint=models.UniqueConstraint(fields=('centre', 'territory'), name='curatorarea_unique'),
        ),
        migrations.AddConstraint(
            model_name='department',
            constraint=models.UniqueConstraint(fields=('centre', 'title'), name='department_unique'),
        ),
        migrations.AddConstraint(
            model_name='department',
            constraint=models.UniqueConstraint(fields=('id', 'centre'), name='department_of_centre'),
        ),
        migrations.AddConstraint(
            model_name='dutyshift',
            constraint=models.CheckConstraint(condition=models.Q(('ends_at__gt', models.F('starts_at'))), name='dutyshift_in_order', violation_error_message='The shift ends before it begins.'),
        ),
        migrations.AddConstraint(
            model_name='dutyshift',
            constraint=models.UniqueConstraint(fields=('centre', 'person', 'starts_at'), name='dutyshift_unique'),
        ),
        migrations.AddConstraint(
            model_name='specialday',
            constraint=models.UniqueConstraint(fields=('centre', 'day'), name='specialday_unique', nulls_distinct=False),
        ),
        migrations.AlterField(
            model_name='finding',
            name='kind',
            field=models.CharField(choices=[('no_case', 'a submission has no case'), ('no_event', 'a case was never recorded as received'), ('many_events', 'a case was recorded as received more than once'), ('unseen', 'a case is seen by no centre'), ('nobody', 'a case that nobody may see'), ('no_key', 'answers that no key opens'), ('no_consent', 'a consent was not recorded'), ('no_file', 'a file is gone from the disk'), ('no_row', 'a file on the disk belongs to nothing'), ('not_scanned', 'a file waits too long for its check'), ('late_task', 'a task waits too long'), ('sent_draft', 'a form was sent and its draft stayed'), ('not_erased', 'personal data is kept past its term'), ('no_day', 'a day is missing in the ledger'), ('uneven_day', 'a day of the ledger is not what the database says'), ('broken_chain', 'the ledger was changed')], max_length=14, verbose_name='what is wrong'),
        ),
    ]
